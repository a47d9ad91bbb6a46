"""One node: accounts for its shard, holds all others', and answers reads from what it holds."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from consilience.distributed.reads.age_bounds import AgeBounds, ages_ms
from consilience.distributed.reads.answer import Answer
from consilience.distributed.reads.dated_state import DatedState, pack_dated_state
from consilience.distributed.reads.echo_table import EchoTable
from consilience.distributed.reads.fusion_rule import FusionRule
from consilience.distributed.reads.shard_state import Report, ShardReporters, ShardState
from consilience.distributed.reads.shard_table import ShardTable
from consilience.distributed.staleness.change_rate import ChangeLimiter
from consilience.distributed.staleness.shard_arrays import NEVER
from consilience.distributed.state_message import StateMessage
from consilience.distributed.write_ahead_log import WriteAheadLog
from consilience.errors import BadInput, ImpossibleState

__all__ = ["Acknowledgement", "ReadNode", "boot_time_ns"]

_SECOND_NS = 1_000_000_000


def boot_time_ns() -> int:
    """Return a clock that no one can set and that goes on while the machine is suspended.

    Where the system has none that does, the monotonic clock: ages there leave suspension out.
    """
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(clock)


@dataclass(frozen=True)
class Acknowledgement:
    """A frame is on the disk and in the state.

    Parameters
    ----------
    fresh : bool
        False: it had been before.
    version : int
        Frames in the state.
    at_ns : int
        The node's time since its start when the state changed; that of the answer if it did not.
    """

    fresh: bool
    version: int
    at_ns: int


class ReadNode:
    """The node of one shard.

    `accept` is for one thread, the producer's; `say` and `hear` for another, the network's; `read`
    for any. No read waits for the network or the disk: a lock is held only to copy the table.

    Parameters
    ----------
    shard : int
        1 .. number of shards.
    rule : FusionRule
    log : WriteAheadLog
        Of this shard. Replayed at once; the version of a state is the number of its frames.
    clock : callable
        Nanoseconds of a clock that is never set.
    sleep : callable
        Waits for so many seconds.

    Attributes
    ----------
    start_ns : int
        The clock at the node's start.
    counts : Counter
        Messages heard, by what became of them.
    """

    def __init__(
        self,
        shard: int,
        rule: FusionRule,
        log: WriteAheadLog,
        clock: Callable[[], int] = boot_time_ns,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        count = len(rule.shards.enrolled)
        if not 1 <= shard <= count:
            raise BadInput(f"shard {shard} is none of 1 .. {count}")
        self.shard, self.rule, self.incarnation = shard, rule, log.incarnation
        self.counts: Counter[str] = Counter()
        self._clock, self._sleep, self.start_ns = clock, sleep, clock()
        self._log = log
        self._lock = threading.Lock()
        self._table = ShardTable(count, rule.shards.clip, rule.epoch)
        self._reporters = ShardReporters(rule.shards.enrolled[shard - 1], rule.shards.clip)
        self._bounds = AgeBounds(self.incarnation)
        self._sent_ns = np.zeros(count, np.int64)
        self._heard = EchoTable(count)
        self._digests: dict[int, bytes] = {}
        self._limiter = ChangeLimiter(rule.shards.changes_per_s)
        # The life before may have changed the state just now, and its last frame may be on the disk
        # without having been in the state: the replay is a change like others.
        self._limiter.allows(self.start_ns)
        self._change([Report.from_bytes(data) for data in log.replay(rule.epoch)])

    @property
    def elapsed_ns(self) -> int:
        """The node's time since its start."""
        return self._clock() - self.start_ns

    def accept(self, seq: int, frame: Report) -> Acknowledgement:
        """Acknowledge a frame of this shard's producer: once on the disk, once in the state.

        Waits for the disk, and until the rate of changes allows another.

        Parameters
        ----------
        seq : int
            Number of the frame, 0 the first; resent frames count once.
        frame : Report

        Raises
        ------
        BadInput
            A reporter that is not enrolled, or another frame under a known number.
        """
        self._reporters.check(frame)
        if not self._log.accept(self.rule.epoch, seq, bytes(frame)):
            return Acknowledgement(False, self._reporters.frames, self.elapsed_ns)
        at = self._change([frame])
        return Acknowledgement(True, self._reporters.frames, at)

    def dated_state(self) -> bytes:
        """Return the dated state to publish now."""
        elapsed = self.elapsed_ns  # before the state: all acknowledged until then is in it
        with self._lock:
            state, version = self._reporters.state, self._reporters.frames
            echoes = self._heard.echoes(elapsed)
        message = StateMessage(
            self.rule.epoch,
            self.shard,
            len(self.rule.shards.enrolled),
            self.incarnation,
            version,
            complete=False,
            volatile=False,
            state=bytes(state),
        )
        return pack_dated_state(elapsed, echoes, message)

    def receive(self, data: bytes) -> int | None:
        """Take what another node said. Never raises.

        Returns
        -------
        int or None
            The speaker's shard if it waits for this node: answer it soon. It is new and needs an
            echo to date what it hears; or its echo is older than the grace, as after a cut.
        """
        lives, missed, shard = self._heard.incarnations, False, 0
        try:
            dated = DatedState.of(data)
            shard = dated.piece.place[1]
            fate = self._receive(dated)
            missed = fate in ("taken", "same", "undated") and self._is_missed(dated)
        except BadInput:  # also ImpossibleState
            fate = "damaged"
        self.counts[fate] += 1
        return shard if missed or self._heard.incarnations > lives else None

    def read(self) -> Answer:
        """Return what this node knows, and what that is worth, at this moment."""
        arrays, before = self.rule.shards, self.elapsed_ns
        with self._lock:
            view, said = self._table.view(), self._sent_ns.copy()
        now = self.elapsed_ns
        said[self.shard - 1] = before
        ages = np.where(view.heard, ages_ms(now, said), NEVER)
        interval = self.rule.interval(view.total).moved(int(arrays.unseen(ages).sum()))
        return Answer(
            self.rule.epoch,
            self.shard,
            self.incarnation,
            now,
            interval.decision(self.rule.threshold),
            interval,
            arrays.estimate(ages, view.evidence),
            view.incarnations,
            view.versions,
            tuple(ages.tolist()),
            view.digest,
        )

    def _change(self, frames: list[Report]) -> int:
        """Let frames into the state, as one change, once the rate allows it; return when."""
        while True:
            with self._lock:
                now = self._clock()
                if self._limiter.allows(now):
                    for frame in frames:
                        self._reporters.apply(frame)
                    order = self.incarnation, self._reporters.frames
                    self._table.put(self.shard, order, self._reporters.state)
                    return now - self.start_ns
                wait = self._limiter.wait_ns(now)
            self._sleep(wait / _SECOND_NS)

    def _receive(self, dated: DatedState) -> str:
        piece = dated.piece
        epoch, shard = piece.place
        if (epoch, dated.shards) != (self.rule.epoch, len(self.rule.shards.enrolled)):
            return "other epoch or division"
        if shard == self.shard or not 1 <= shard <= dated.shards:
            return "own" if shard == self.shard else "other epoch or division"
        incarnation, version = piece.order
        now = self.elapsed_ns
        said = self._bounds.sent_since(
            shard, incarnation, dated.elapsed_ns, dated.echo(self.shard), now
        )
        with self._lock:
            self._heard.remember(shard, incarnation, dated.elapsed_ns, now)
        if said is None:
            return "old" if self._table.order(shard) >= piece.order else "undated"
        return self._hold(dated, shard, (incarnation, version), said)

    def _is_missed(self, dated: DatedState) -> bool:
        echo = dated.echo(self.shard)
        age_ns = self.elapsed_ns - echo.elapsed_ns
        grace_ns = self.rule.shards.discount.grace_ms * 1_000_000
        return echo.incarnation != self.incarnation or age_ns > grace_ns

    def _hold(self, dated: DatedState, shard: int, order: tuple[int, int], said: int) -> str:
        held = self._table.order(shard)
        if order < held:
            return "old"
        if order == held:
            if dated.piece.digest != self._digests[shard]:
                return "conflict"
            with self._lock:
                self._sent_ns[shard - 1] = said
            return "same"
        state = ShardState.from_bytes(dated.message.state)
        enrolled = self.rule.shards.enrolled[shard - 1]
        if state.histogram.count > enrolled or state.histogram.unit != self.rule.unit:
            raise ImpossibleState("a shard has more reporters than are enrolled, or another clip")
        with self._lock:
            self._table.put(shard, order, state)
            self._sent_ns[shard - 1] = said
        self._digests[shard] = dated.piece.digest
        return "taken"
