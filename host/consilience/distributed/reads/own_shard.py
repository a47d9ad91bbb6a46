"""The shard that a node accounts for: reports to the disk, then into its state, rate-limited."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import RLock

from consilience.distributed.reads.fusion_rule import FusionRule
from consilience.distributed.reads.merged_states import HeldState, MergedStates
from consilience.distributed.reads.shard_state import Report, ShardReporters
from consilience.distributed.staleness.change_rate import ChangeLimiter
from consilience.distributed.write_ahead_log import WriteAheadLog
from consilience.errors import BadInput
from consilience.turns import in_turn

__all__ = ["Acknowledgement", "OwnShard", "boot_time_ns"]

_SECOND_NS = 1_000_000_000


def boot_time_ns() -> int:
    """Return a clock that no one can set and that goes on while the machine is suspended.

    Where the system has none that does, the monotonic clock: ages there leave suspension out.
    """
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(clock)


@dataclass(frozen=True)
class Acknowledgement:
    """A report is on the disk and in the state.

    Parameters
    ----------
    fresh : bool
        False: it had been before.
    version : int
        Reports in the state.
    at_ns : int
        The node's time since its start when the state changed; that of the answer if it did not.
    """

    fresh: bool
    version: int
    at_ns: int


class OwnShard:
    """The reporters of one shard. Threads that call `accept` take turns.

    Parameters
    ----------
    shard : int
    rule : FusionRule
    log : WriteAheadLog
        Replayed at once; the version of a state is the number of its reports.
    states : MergedStates
        Where each state of the shard is put.
    clock : callable
        Nanoseconds of a clock that is never set.
    sleep : callable
        Waits for a number of seconds.

    Attributes
    ----------
    start_ns : int
        The clock at the start.
    """

    def __init__(
        self,
        shard: int,
        rule: FusionRule,
        log: WriteAheadLog,
        states: MergedStates,
        clock: Callable[[], int],
        sleep: Callable[[float], None],
    ) -> None:
        self._turns = RLock()
        self.start_ns = clock()
        self._shard, self._epoch, self._log, self._states = shard, rule.epoch, log, states
        self._clock, self._sleep = clock, sleep
        self._limits = rule.shards.enrolled[shard - 1], rule.shards.clip
        self._reporters = ShardReporters(*self._limits)
        self._in_step = False
        """Whether the state has every report of the log; not after an interruption."""
        self._limiter = ChangeLimiter(rule.shards.changes_per_s)
        # The incarnation before may have changed the state just now, and its last report may be on
        # the disk without having been in the state: the replay is a change like others.
        self._limiter.allows(self.start_ns)
        self._replay()

    @property
    def elapsed_ns(self) -> int:
        """The time since the start."""
        return self._clock() - self.start_ns

    @in_turn
    def accept(self, seq: int, report: Report) -> Acknowledgement:
        """Acknowledge a report; see `ReadNode.accept`."""
        if not self._in_step:
            self._replay()
        self._reporters.check(report)
        self._in_step = False
        try:
            fresh = self._log.accept(self._epoch, seq, bytes(report))
        except BadInput as error:
            self._in_step = True  # another report is known by this number: nothing was done
            raise BadInput(f"{error}; give a report that is new a seq of its own") from None
        at = self._change([report]) if fresh else self.elapsed_ns
        self._in_step = True
        return Acknowledgement(fresh, self._reporters.reports, at)

    def _replay(self) -> None:
        """Make the state that of the log: at the start, and after an interrupted report."""
        self._in_step = False
        self._reporters = ShardReporters(*self._limits)
        self._change([Report.from_bytes(data) for data in self._log.replay(self._epoch)])
        self._in_step = True

    def _change(self, reports: list[Report]) -> int:
        """Let reports into the state, as one change, once the rate allows it; return when."""
        while True:
            # The clock is read and the state changed in one step: a state sent at a later time
            # of the clock has the change.
            with self._states.lock:
                now = self._clock()
                if self._limiter.allows(now):
                    for report in reports:
                        self._reporters.apply(report)
                    order = self._log.incarnation, self._reporters.reports
                    state, at = HeldState(order, b"", self._reporters.state), now - self.start_ns
                    self._states.join_dated(self._shard, state, at)
                    return at
                wait = self._limiter.wait_ns(now)
            self._sleep(wait / _SECOND_NS)
