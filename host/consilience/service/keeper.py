"""What happens beside the engine: histories go to the database, snapshots are written, old goes."""

import logging
from collections.abc import Callable
from threading import Event, Thread

from consilience.closing import Closes
from consilience.service.state import Applied, ServiceState
from consilience.service.store.database import Database
from consilience.service.store.observation_log import ObservationLog
from consilience.service.store.points import Points
from consilience.service.store.snapshot_process import SnapshotProcess
from consilience.service.store.snapshots import Snapshots

__all__ = ["Keeper"]

_log = logging.getLogger(__name__)

_FLUSH_S = 1.0
_COMPACT_EVERY = 60
_MOST_WAITING = 200_000


class Keeper(Closes):
    """Keeps a service small, and its next start short.

    Parameters
    ----------
    state : ServiceState
    log : ObservationLog or None
    database : Database
        Of histories.
    snapshots : Snapshots or None
        None: nothing is kept.
    """

    def __init__(
        self,
        state: ServiceState,
        log: ObservationLog | None,
        database: Database,
        snapshots: Snapshots | None,
    ) -> None:
        settings = state.settings
        self.points = Points(database, settings.kept_points)
        self._state, self._log = state, log
        self._snapshots, self._settings = snapshots, settings
        self._at_work: SnapshotProcess | None = None
        self._is_written = False
        self._written = 0
        self._each_turn: list[Callable[[], None]] = []
        self._before_adopting: list[Callable[[], None]] = []
        self._failing: dict[str, str] = {}
        self._wake, self._is_closing = Event(), False
        self._thread = Thread(target=self._run, name="keeper", daemon=True)
        self._thread.start()

    def note(self, done: Applied) -> None:
        """Take what a record has brought; in the thread of the engine."""
        self.points.note(done.position, done.at_ms, done.judged, done.removed)

    def each_turn(self, call: Callable[[], None]) -> None:
        """Let a function be called about once a second."""
        self._each_turn.append(call)

    def before_adopting(self, call: Callable[[], None]) -> None:
        """Let a function be called before starts read a newer snapshot, and about once a second.

        It brings to the disk what a replay from that snapshot would not give.
        """
        self._before_adopting.append(call)
        self._each_turn.append(call)

    def after_group(self) -> None:
        """Begin a snapshot if one is due; in the thread of the engine, between records."""
        if self.points.count > _MOST_WAITING:
            self._wake.set()
        log, snapshots = self._log, self._snapshots
        if log is None or snapshots is None or self._at_work is not None:
            return
        if log.written - self._written < self._settings.snapshot_bytes:
            return
        self._written = log.written
        with self._state.lock:  # so that no reader is in the midst of anything

            def work() -> None:
                snapshot = self._state.snapshot()
                snapshots.stage(snapshot.facts["position"], bytes(snapshot))

            self._at_work = SnapshotProcess(work)

    def after_replay(self) -> None:
        """Write a snapshot if the replay was as long as one is due after; nothing else is applied.

        A process that is killed within seconds adopts none: without this one, such lives add up,
        and each start reads the log of all of them. On a full disk the start goes on without.
        """
        log, snapshots = self._log, self._snapshots
        if log is None or snapshots is None:
            return
        if log.written >= self._settings.snapshot_bytes:
            self._try("a snapshot of what was replayed is written", self.write_snapshot)
        else:
            snapshots.discard()

    def write_snapshot(self) -> None:
        """Write a snapshot now; nothing is applied meanwhile."""
        if self._snapshots is not None:
            snapshot = self._state.snapshot()
            self._snapshots.discard()
            self._snapshots.stage(snapshot.facts["position"], bytes(snapshot))
            self._adopt(self._snapshots)
            self._written = self._log.written if self._log else 0

    def close(self) -> None:
        """End, after what waits is written."""
        self._is_closing = True
        self._wake.set()
        self._thread.join()
        if self._at_work is not None and not self._is_written:
            self._at_work.ended(wait=True)
        self._at_work = None

    def _run(self) -> None:
        turns = 0
        while not self._is_closing:
            self._wake.wait(_FLUSH_S)
            self._wake.clear()
            turns += 1
            self._try("histories are written", self.points.flush)
            for turn in self._each_turn:
                self._try(f"{turn.__qualname__} runs", turn)
            if turns % _COMPACT_EVERY == 0:
                self._try("old histories are removed", self.points.compact)
            self._try("snapshots are kept", self._end_snapshot)

    def _try(self, what: str, call: Callable[[], None]) -> None:
        """Call; what fails, as on a full disk, is tried again at the next turn, and said once."""
        try:
            call()
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            if self._failing.get(what) != said:
                _log.error("not so, and tried again each second: %s (%s)", what, said)
            self._failing[what] = said
        else:
            if self._failing.pop(what, None) is not None:
                _log.warning("so again: %s", what)

    def _end_snapshot(self) -> None:
        child, snapshots = self._at_work, self._snapshots
        if child is None or snapshots is None:
            return
        if not self._is_written and (good := child.ended()) is not None:
            self._is_written = True
            if not good:
                _log.error(
                    "no snapshot was written (%s), and is after as much log again: nothing is "
                    "lost, and a start takes longer meanwhile", child.failure
                )  # fmt: skip
        if self._is_written:
            self._adopt(snapshots)  # on a full disk, at a later turn
            self._at_work, self._is_written = None, False

    def _adopt(self, snapshots: Snapshots) -> None:
        """Let starts read what was staged, once the database has all that is before it.

        The log before the older snapshot goes.
        """
        self.points.flush()
        for call in self._before_adopting:
            call()
        snapshots.adopt()
        paths = snapshots.paths()
        if self._log is not None and self._log.position:
            self._log.forget(int(paths[0].stem), self._settings.kept_bytes)
