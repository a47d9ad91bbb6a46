"""One node: accounts for its shard, holds all others', and answers reads from what it holds."""

import time
from collections import Counter
from collections.abc import Callable
from threading import RLock
from typing import TYPE_CHECKING

import numpy as np

from consilience.distributed.members.refused import Refused
from consilience.distributed.reads.age_bounds import AgeBounds, ages_ms
from consilience.distributed.reads.answer import Answer
from consilience.distributed.reads.dated_state import DatedState, pack_dated_state
from consilience.distributed.reads.echo_table import EchoTable
from consilience.distributed.reads.fusion_rule import FusionRule
from consilience.distributed.reads.merged_states import HeldState, MergedStates
from consilience.distributed.reads.own_shard import Acknowledgement, OwnShard, boot_time_ns
from consilience.distributed.reads.shard_state import Report, ShardState
from consilience.distributed.shard_store import Standing
from consilience.distributed.staleness.interval import CertifiedInterval
from consilience.distributed.state_message import StateMessage
from consilience.distributed.write_ahead_log import WriteAheadLog
from consilience.errors import BadInput, ImpossibleState
from consilience.kernels.read_kernels import NEVER
from consilience.turns import in_turn

if TYPE_CHECKING:  # it needs the package cryptography, states without signatures do not
    from consilience.distributed.members.seal import Seal

__all__ = ["ReadNode"]

_MS_NS = 1_000_000
_APART_NS = 300 * _MS_NS


class ReadNode:
    """The node of one shard.

    For any thread: those in `accept`, which waits for the disk, take turns, and apart from them
    those in `dated_state` and `receive`. No read waits for the network or the disk.

    Parameters
    ----------
    shard : int
        1 .. number of shards.
    rule : FusionRule
    log : WriteAheadLog
        Of this shard. Replayed at once; the version of a state is the number of its reports.
    clock : callable
        Nanoseconds of a clock that is never set.
    sleep : callable
        Waits for a number of seconds.
    seal : Seal, optional
        Signs dated states as this shard's node, and lets in only those of the other nodes of its
        roster; without it everybody's.

    Attributes
    ----------
    start_ns : int
        The clock at the node's start.
    counts : Counter
        Messages received, by what became of them.
    """

    def __init__(
        self,
        shard: int,
        rule: FusionRule,
        log: WriteAheadLog,
        clock: Callable[[], int] = boot_time_ns,
        sleep: Callable[[float], None] = time.sleep,
        seal: "Seal | None" = None,
    ) -> None:
        count = len(rule.shards.enrolled)
        if not 1 <= shard <= count:
            raise BadInput(f"shard {shard} is none of 1 .. {count}")
        self.shard, self.rule, self.incarnation = shard, rule, log.incarnation
        self._turns, self._seal = RLock(), seal
        self.counts: Counter[str] = Counter()
        self._bounds = AgeBounds(self.incarnation)
        self._echoes = EchoTable(count)
        self._states = MergedStates(count, rule.shards.clip, rule.epoch)
        self._own = OwnShard(shard, rule, log, self._states, clock, sleep)
        self.start_ns = self._own.start_ns
        self._grace_ns = rule.shards.discount.grace_ms * _MS_NS
        self._answered: dict[int, tuple[int, int]] = {}
        self._judged: tuple[ShardState, CertifiedInterval] | None = None

    @property
    def elapsed_ns(self) -> int:
        """The node's time since its start."""
        return self._own.elapsed_ns

    def accept(self, seq: int, report: Report) -> Acknowledgement:
        """Acknowledge a report of this shard's producer: once on the disk, once in the state.

        Waits for the disk, and until the rate of changes allows another.

        Parameters
        ----------
        seq : int
            Number of the report, 0 the first; resent reports count once.
        report : Report

        Raises
        ------
        BadInput
            A reporter that is not enrolled, or another report under a known number.
        """
        return self._own.accept(seq, report)

    @in_turn
    def dated_state(self) -> bytes:
        """Return the dated state to publish now."""
        elapsed = self.elapsed_ns  # before the state: all acknowledged until then is in it
        with self._states.lock:
            own = self._states.held[self.shard]
        message = StateMessage(
            self.rule.epoch,
            self.shard,
            len(self.rule.shards.enrolled),
            *own.order,
            complete=False,
            volatile=False,
            state=bytes(own.state),
        )
        data = pack_dated_state(elapsed, self._echoes.echoes(elapsed), message)
        return data if self._seal is None else self._seal.sealed(data)

    @in_turn
    def receive(self, data: bytes) -> int | None:
        """Take a dated state of another node. Never raises.

        Returns
        -------
        int or None
            The sender's shard if it waits for this node: answer it soon. It is new and needs an
            echo to date what it receives; or its echo is older than the grace, as after a cut. Not
            again for what it sent within 0.3 s of that: the answer is on its way.
        """
        known, shard = self._echoes.incarnations, None
        try:
            dated = self._opened(data)
            fate = self._receive(dated)
            is_new = self._echoes.incarnations > known
            if is_new or (fate in ("taken", "same", "undated") and self._is_missed(dated)):
                shard = dated.piece.place[1]
        except Refused as refusal:
            fate = refusal.reason.value
        except BadInput:  # also ImpossibleState
            fate = "damaged"
        self.counts[fate] += 1
        return shard

    def is_behind(self) -> bool:
        """Return whether some shard has not been heard for longer than the grace, or never."""
        sent = np.delete(self._states.view().sent_ns, self.shard - 1)
        return bool((sent < self.elapsed_ns - self._grace_ns).any() or (sent == NEVER).any())

    def read(self) -> Answer:
        """Return what this node knows, and what that is worth, at this moment."""
        arrays, before = self.rule.shards, self.elapsed_ns
        view = self._states.view()
        now = self.elapsed_ns
        view.sent_ns[self.shard - 1] = before
        ages = ages_ms(now, view.sent_ns)
        estimate = arrays.estimate(ages, view.evidence)
        interval = self._interval(view.total).moved(estimate.unseen)
        return Answer(
            self.rule.epoch,
            self.shard,
            self.incarnation,
            now,
            interval.decision(self.rule.threshold),
            interval,
            estimate,
            view.incarnations,
            view.versions,
            tuple(ages.tolist()),
            view.digest,
        )

    def _interval(self, total: ShardState) -> CertifiedInterval:
        """Return the interval of a merged state, worked out once for all reads of it."""
        judged = self._judged
        if judged is None or judged[0] is not total:
            judged = self._judged = total, self.rule.interval(total)
        return judged[1]

    def _opened(self, data: bytes) -> DatedState:
        """Return the dated state of a message; BadInput unless its sender speaks for itself."""
        if self._seal is None:
            return DatedState.of(data)
        sender, body = self._seal.opened(data)
        dated = DatedState.of(body)
        if dated.piece.place[1] != sender:
            raise BadInput("a node says something of another shard")
        return dated

    def _receive(self, dated: DatedState) -> str:
        piece = dated.piece
        epoch, shard = piece.place
        if (epoch, dated.shards) != (self.rule.epoch, len(self.rule.shards.enrolled)):
            return "other epoch or division"
        if shard == self.shard or not 1 <= shard <= dated.shards:
            return "own" if shard == self.shard else "other epoch or division"
        standing = self._states.standing(shard, piece.order, piece.digest)
        # Before any bound moves: what is damaged leaves nothing behind.
        state = None if standing in (Standing.SAME, Standing.OLD) else self._state(dated, shard)
        incarnation, now = piece.order[0], self.elapsed_ns
        echo = dated.echo(self.shard)
        sent = self._bounds.sent_since(shard, incarnation, dated.elapsed_ns, echo, now)
        self._echoes.remember(shard, incarnation, dated.elapsed_ns, now)
        if sent is None:
            return "old" if self._states.order(shard) >= piece.order else "undated"
        if standing is Standing.SAME:
            self._states.date(shard, sent)
        elif standing is Standing.NEW and state is not None:
            self._states.join_dated(shard, HeldState(piece.order, piece.digest, state), sent)
        return standing.value

    def _state(self, dated: DatedState, shard: int) -> ShardState:
        """Return the state of a message; BadInput if its shard cannot have it."""
        state = ShardState.from_bytes(dated.message.state)
        enrolled = self.rule.shards.enrolled[shard - 1]
        if state.histogram.count > enrolled or state.histogram.unit != self.rule.unit:
            raise ImpossibleState("a shard has more reporters than enrolled, or another clip")
        return state

    def _is_missed(self, dated: DatedState) -> bool:
        echo, (_, shard) = dated.echo(self.shard), dated.piece.place
        sent = dated.piece.order[0], dated.elapsed_ns
        heard = echo.incarnation == self.incarnation
        if heard and self.elapsed_ns - echo.elapsed_ns <= self._grace_ns:
            return False
        # By the sender's clock: what waited in its buffers while it was cut off came first, and was
        # answered before it could hear.
        if sent <= self._answered.get(shard, (0, 0)):
            return False
        self._answered[shard] = sent[0], sent[1] + _APART_NS
        return True
