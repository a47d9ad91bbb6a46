"""What a receiver holds: of every shard the highest state it has heard of."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from consilience.distributed.state_message import Piece, StateMessage, join
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.errors import BadInput, ImpossibleState

__all__ = ["Held", "ShardCollector"]


@dataclass(frozen=True)
class Held:
    """The state of one shard, and when it came (seconds of the receiver's monotonic clock)."""

    message: StateMessage
    sums: EvidenceSums
    received: float


class ShardCollector:
    """Keeps the highest (incarnation, version) of each shard; totals are exact sums.

    Pieces may be lost, repeated and reordered, and may mix: a state counts when all of it is
    there and its digest is right. Of a shard at most two states are kept, the one held and the
    one that is arriving.

    Parameters
    ----------
    epoch : int
        States of other epochs are dropped and counted.
    shards : int or None
        Number of shards; None: what the first state says. Others are dropped and counted.
    clock : callable
        Monotonic seconds.
    """

    def __init__(
        self,
        epoch: int = 0,
        shards: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.epoch = epoch
        self.shards = shards
        self.held: dict[int, Held] = {}
        self.counts: Counter[str] = Counter()
        self._clock = clock
        self._arriving: dict[int, tuple[tuple[int, int], bytes, dict[int, Piece]]] = {}

    def receive(self, data: bytes) -> StateMessage | None:
        """Take a piece; return the state that became held by it, if one did. Never raises."""
        try:
            message = self._receive(Piece.of(data))
        except BadInput:  # also ImpossibleState
            self.counts["damaged"] += 1
            return None
        self.counts["taken" if message else "pieces"] += 1
        return message

    @property
    def complete(self) -> bool:
        """All shards are held, and have read all their evidence."""
        return (
            self.shards is not None
            and len(self.held) == self.shards
            and all(held.message.complete for held in self.held.values())
        )

    def total(self) -> EvidenceSums:
        """Return the exact sum of all that is held; BadInput if nothing is."""
        if not self.held:
            raise BadInput("no shard was heard of yet; start `consilience node`")
        states = [self.held[shard].sums for shard in sorted(self.held)]
        total = EvidenceSums(states[0].hypotheses)
        for state in states:
            total.merge(state)
        return total

    def _receive(self, piece: Piece) -> StateMessage | None:
        epoch, shard = piece.place
        if epoch != self.epoch:
            self.counts["other epoch"] += 1
            return None
        held = self.held.get(shard)
        if held is not None and piece.order <= held.message.order:
            same = piece.order < held.message.order or piece.digest == held.message.digest
            self.counts["old" if same else "conflict"] += 1
            return None
        order, digest, parts = self._arriving.get(shard, ((-1, -1), b"", {}))
        if piece.order < order:
            self.counts["old"] += 1
            return None
        if (piece.order, piece.digest) != (order, digest):
            order, digest, parts = piece.order, piece.digest, {}
            self._arriving[shard] = order, digest, parts
        parts[piece.number] = piece
        if len(parts) < piece.count:
            return None
        del self._arriving[shard]
        return self._hold(join([parts[number] for number in sorted(parts)]))

    def _hold(self, message: StateMessage) -> StateMessage | None:
        shards = self.shards or message.shards
        if message.shards != shards or not 1 <= message.shard <= shards:
            self.counts["other division"] += 1
            return None
        sums = EvidenceSums.from_bytes(message.state)
        others = [held.sums.hypotheses for held in self.held.values()]
        if others and sums.hypotheses != others[0]:
            raise ImpossibleState("a shard has other hypotheses than those held")
        self.shards = shards
        self.held[message.shard] = Held(message, sums, self._clock())
        return message
