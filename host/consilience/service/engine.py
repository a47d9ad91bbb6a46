"""The one writer of a service: what comes goes to the disk, is judged, and is answered then."""

import contextlib
import errno
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Condition, Thread
from typing import NamedTuple

import msgspec

from consilience.closing import Closes
from consilience.errors import BadInput, ConsilienceError
from consilience.service.idle_traces import IdleTraces
from consilience.service.intake.columns import Columns, Event
from consilience.service.intake.spans import LoggedSpan
from consilience.service.keeper import Keeper
from consilience.service.showing import Alarm, Showing
from consilience.service.state import Applied, ServiceState
from consilience.service.store.database import Database
from consilience.service.store.full_disk import DiskFull
from consilience.service.store.observation_log import Kind, ObservationLog, Record
from consilience.service.verdict_log.leaves import alarm_leaf, record_leaf, refused_leaf
from consilience.service.verdict_log.verdict_log import VerdictLog

__all__ = ["Busy", "DiskFull", "Engine", "Group", "Receipt", "StorageFailed"]

_log = logging.getLogger(__name__)

_MOST_WAITING = 200_000
_MOST_IN_GROUP = 8_000


class StorageFailed(ConsilienceError):
    """The disk failed in a way that only a new start can mend."""


class Busy(ConsilienceError):
    """More waits than can be judged in time."""


class Receipt(NamedTuple):
    """What became of rows that are on the disk.

    Parameters
    ----------
    accepted, duplicates, too_old : int
    position : int
        Of the record in the log.
    alarms : list of int
        Their numbers.
    """

    accepted: int
    duplicates: int
    too_old: int
    position: int
    alarms: list[int]


class Group(NamedTuple):
    """What the engine did at once.

    Parameters
    ----------
    rows : int
        That were handed in.
    accepted, duplicates, too_old, refused : int
        What became of them.
    notes : int
        Of those accepted, what users said of agents.
    write_s, judge_s : float
        Seconds until the disk had them, and from then until they were judged.
    failed : bool
        The disk did not take them; then none was judged.
    """

    rows: int
    accepted: int = 0
    duplicates: int = 0
    too_old: int = 0
    refused: int = 0
    write_s: float = 0.0
    judge_s: float = 0.0
    failed: bool = False
    notes: int = 0


class _Waiting(NamedTuple):
    kind: int
    payload: bytes
    rows: int
    future: "Future[Receipt]"


class Engine(Closes):
    """Takes rows from many threads, puts them into the log together, and applies them in order.

    Parameters
    ----------
    state : ServiceState
    log : ObservationLog or None
        None: nothing is kept.
    database : Database
    keeper : Keeper
    verdicts : VerdictLog or None
        None: no Merkle log is kept.
    clock_ms : callable
        ms UTC, only to say when.
    """

    def __init__(
        self,
        state: ServiceState,
        log: ObservationLog | None,
        database: Database,
        keeper: Keeper,
        verdicts: VerdictLog | None = None,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.state, self.database, self.keeper = state, database, keeper
        self._log, self._clock, self._verdicts = log, clock_ms, verdicts
        self._waiting: deque[_Waiting] = deque()
        self._rows = 0
        self._turn = Condition()
        self._is_closing = False
        self._showing = Showing(database)
        self._on_group: list[Callable[[Group], None]] = []
        self._idle = IdleTraces(state.settings.idle_ms / 1000)
        self._encoder = msgspec.msgpack.Encoder()
        self._broken: str | None = None
        if log is not None:
            self._recover(log)
        # What a start from a snapshot would not show must be shown before; and tried each second.
        keeper.before_adopting(self._showing.show)
        self._thread = Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    @property
    def failure(self) -> str | None:
        """Why nothing is taken: for ever, or while the disk is too full to show what was."""
        return self._broken or self._showing.trouble

    def submit(self, rows: Columns) -> "Future[Receipt]":
        """Hand in rows; the receipt comes once they are on the disk and judged.

        The future raises RowRefused (a row cannot be, none was taken), DiskFull or StorageFailed.

        Raises
        ------
        Busy
            Too much waits already.
        """
        kind = Kind.NOTES if Event.ACKNOWLEDGE in rows.events else Kind.OBSERVATIONS
        return self.submit_record(kind, self._encoder.encode(rows), len(rows))

    def submit_record(self, kind: int, payload: bytes, rows: int) -> "Future[Receipt]":
        """Hand in a record of any kind; see `submit`."""
        future: Future[Receipt] = Future()
        with self._turn:
            if self._is_closing or self._broken:
                raise StorageFailed(self._broken or "the service is stopping; send it again")
            if self._rows and self._rows + rows > _MOST_WAITING:
                raise Busy(f"{self._rows:,} rows wait to be judged; send this again in a second")
            self._waiting.append(_Waiting(kind, payload, rows, future))
            self._rows += rows
            self._turn.notify()
        return future

    def submit_spans(self, spans: list[LoggedSpan]) -> "Future[Receipt]":
        """Hand in spans; see `submit`. The receipt counts spans."""
        return self.submit_record(Kind.SPANS, self._encoder.encode(spans), len(spans))

    def remove(self, agent: int | str) -> "Future[Receipt]":
        """Forget an agent; see `submit`. The future raises BadInput where it cannot be."""
        return self.submit_record(Kind.REMOVE, self._encoder.encode(agent), 1)

    def end_idle(self) -> None:
        """End the runs of traces that have had no new span for as long as the settings say."""
        traces = self.state.traces
        if traces is None:
            return
        with self.state.lock:
            names = self._idle.idle(traces.last())
        if names:
            with contextlib.suppress(Busy, StorageFailed):  # the next turn will
                self.submit_record(Kind.IDLE, self._encoder.encode(names), 0)

    def on_alarm(self, callback: Callable[[Alarm], None]) -> None:
        """Let a function be called with each alarm, in order, by one thread at a time."""
        self._showing.on_alarm(callback)

    def on_user(self, callback: Callable[..., None]) -> None:
        """Let a function be called when a user said something of an agent.

        As ``callback(agent, renewed=False)``, by one thread at a time, once readers see it:
        `renewed` where its history begins anew.
        """
        self._showing.on_user(callback)

    def on_group(self, callback: Callable[[Group], None]) -> None:
        """Let a function be called with what was done at once, in the thread of the engine."""
        self._on_group.append(callback)

    @property
    def waiting(self) -> int:
        """Rows that wait."""
        return self._rows

    @property
    def syncs(self) -> int:
        """How often the disk was waited for."""
        return self._log.syncs if self._log else 0

    def close(self) -> None:
        """Judge what waits, then end."""
        with self._turn:
            self._is_closing = True
            self._turn.notify()
        self._thread.join()

    def _recover(self, log: ObservationLog) -> None:
        for record in log.replay(self.state.position):
            try:
                done = self.state.apply(record)
            except BadInput:
                self._note_leaves(record, None)
                continue  # refused, as it was then
            self._note_leaves(record, done)
            self._publish([done])
        if self._verdicts is not None:
            self._verdicts.end_replay()

    def _run(self) -> None:
        while True:
            with self._turn:
                while not self._waiting and not self._is_closing:
                    self._turn.wait()
                group, rows = list[_Waiting](), 0
                while self._waiting and (
                    not group or rows + self._waiting[0].rows <= _MOST_IN_GROUP
                ):
                    group.append(self._waiting.popleft())
                    rows += group[-1].rows
                self._rows -= rows
            if not group:
                return
            # Who gave up waiting, as at the end of the server, is not there to be answered.
            group = [one for one in group if one.future.set_running_or_notify_cancel()]
            try:
                if group:
                    self._take(group)
            except Exception as error:  # or senders would wait for ever
                self._fail(group, error)

    def _take(self, group: list[_Waiting]) -> None:
        now, began = self._clock(), time.perf_counter()
        rows = sum(one.rows for one in group)
        first = self.state.position + 1
        records = [
            Record(first + place, now, one.kind, one.payload) for place, one in enumerate(group)
        ]
        try:
            self._showing.show()
            if self._log is not None:
                self._log.append(records)
        except (OSError, DiskFull) as error:
            failure = error if isinstance(error, DiskFull) else self._failure_of(error)
            _log.error("%d rows were not written: %s", rows, failure)
            self._tell(Group(rows, failed=True))
            for one in group:
                one.future.set_exception(failure)
            return
        written = time.perf_counter()
        done, answers = list[Applied](), list[tuple[Future[Receipt], Applied | BadInput]]()
        refused = 0
        for record, one in zip(records, group, strict=True):
            try:
                applied = self.state.apply(record)
                self._note_leaves(record, applied)
                done.append(applied)
                answers.append((one.future, applied))
            except BadInput as error:
                self._note_leaves(record, None)
                answers.append((one.future, error))
                refused += one.rows
        self._publish(done)
        seconds = written - began, time.perf_counter() - written
        self._tell(_group_of(rows, refused, done, *seconds))
        for future, found in answers:
            if isinstance(found, BadInput):
                future.set_exception(found)
            else:
                future.set_result(_receipt(found))
        if self._showing.trouble is None:
            self.keeper.after_group()

    def _fail(self, group: Sequence[_Waiting], error: Exception) -> None:
        """Refuse what was not answered, and all that comes, after a fault within a group."""
        self._broken = (
            f"judging failed ({type(error).__name__}: {error}); see to it, and start the service "
            "again: nothing that was answered is lost"
        )
        _log.error("%s", self._broken, exc_info=error)
        with self._turn:
            waiting = [*self._waiting]
            self._waiting.clear()
            self._rows = 0
        waiting = [one for one in waiting if one.future.set_running_or_notify_cancel()]
        self._tell(Group(sum(one.rows for one in (*group, *waiting)), failed=True))
        for one in (*group, *waiting):
            if not one.future.done():
                one.future.set_exception(StorageFailed(self._broken))

    def _publish(self, done: Sequence[Applied]) -> None:
        """Let readers see what records did; what they have seen is not said once more."""
        self._showing.add(done)
        for one in done:
            self.keeper.note(one)

    def _note_leaves(self, record: Record, done: Applied | None) -> None:
        """Add what a record did to the Merkle log; None: it was refused."""
        if self._verdicts is None:
            return
        leaves = [refused_leaf(record) if done is None else record_leaf(record, done)]
        for place, alarm in enumerate([] if done is None else done.alarms):
            alarm["log_index"] = self._verdicts.next + 1 + place
            leaves.append(alarm_leaf(alarm))
        self._verdicts.add(leaves)
        with self.state.lock:
            self.state.leaves = self._verdicts.next

    def _tell(self, group: Group) -> None:
        for callback in self._on_group:
            try:
                callback(group)
            except Exception:  # figures that fail must not end judging
                _log.exception("a group of rows could not be counted")

    def _failure_of(self, error: OSError) -> ConsilienceError:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return DiskFull(
                "the disk of the state is full; make room, and send this again: nothing of it was "
                "taken"
            )
        self._broken = (
            f"the disk of the state failed ({error}); see to it, and start the service again: "
            "nothing that was answered is lost"
        )
        return StorageFailed(self._broken)


def _group_of(
    rows: int, refused: int, done: Sequence[Applied], write_s: float, judge_s: float
) -> Group:
    accepted = sum(one.accepted for one in done)
    duplicates = sum(one.duplicates for one in done)
    too_old = sum(one.too_old for one in done)
    notes = sum(one.notes for one in done)
    return Group(rows, accepted, duplicates, too_old, refused, write_s, judge_s, notes=notes)


def _receipt(done: Applied) -> Receipt:
    alarms = [one["id"] for one in done.alarms]
    return Receipt(done.accepted, done.duplicates, done.too_old, done.position, alarms)
