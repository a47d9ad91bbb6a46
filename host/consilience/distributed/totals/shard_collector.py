"""What a receiver holds of all shards: their highest states, and the exact sum of these."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from consilience.distributed.members.refused import SIGNED
from consilience.distributed.pubsub import ASK, STATES, Pubsub
from consilience.distributed.shard_store import ShardStore, Standing
from consilience.distributed.state_message import Piece, StateMessage, join
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.errors import BadInput, ImpossibleState

__all__ = ["Held", "ShardCollector"]

_MOST_SHARDS = 1 << 12
"""Shards of which anything is kept before the number of shards is known."""
_MOST_BYTES = 1 << 30
"""Of all pieces whose states are not whole yet."""


Parts = dict[int, dict[int, Piece]]
"""Pieces of one state by how many there are, and number: it may be cut anew when it is said again.
"""


@dataclass(frozen=True)
class Held:
    """The state of one shard, and when it came (seconds of the receiver's monotonic clock)."""

    message: StateMessage
    sums: EvidenceSums
    received: float

    @property
    def order(self) -> tuple[int, int]:
        """(incarnation, version)."""
        return self.message.order

    @property
    def digest(self) -> bytes:
        """The message's."""
        return self.message.digest

    @cached_property
    def sums_digest(self) -> str:
        """That of the sums, which do not change: worked out once, however often it is shown."""
        return self.sums.digest


class ShardCollector:
    """Joins received states in a `ShardStore`; totals are exact sums.

    Pieces may be lost, repeated and reordered, and may mix: a state counts when all of it is
    there and its digest is right. At most two states are kept of a shard, the one held and the
    one that is arriving; of what is arriving at most 1 GiB, the oldest goes first. For one
    thread, an event loop's.

    Parameters
    ----------
    epoch : int
        States of other epochs are dropped and counted.
    shards : int or None
        Number of shards; None: that of the first state. Others are dropped and counted.
    clock : callable
        Monotonic seconds.

    Attributes
    ----------
    counts : Counter
        Pieces by what became of them.
    heard : dict of int to float
        When anything of its present state, new or said again, last came of a shard.
    doubts : dict of int to str
        By shard, why the last state that was refused was, until one of it is taken.
    """

    def __init__(
        self,
        epoch: int = 0,
        shards: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.epoch = epoch
        self.shards = shards
        self.counts: Counter[str] = Counter()
        self._store = ShardStore[Held]()
        self._clock = clock
        self.heard: dict[int, float] = {}
        self.doubts: dict[int, str] = {}
        self._arriving: dict[int, tuple[tuple[int, int], bytes, Parts]] = {}
        self._waiting_bytes = 0
        self._total: EvidenceSums | None = None

    @property
    def held(self) -> dict[int, Held]:
        """The states held, by shard."""
        return self._store.held

    async def subscribe(self, pubsub: Pubsub) -> None:
        """Receive what is published from now on, and ask every shard for its state."""
        await pubsub.listen(STATES, self.receive)
        await pubsub.publish(ASK, b"")

    async def ask(self, _pubsub: Pubsub) -> None:
        """Ask for what is missing, if it is time to; to be called often. Here nothing: states are
        said again by themselves."""

    def receive(self, data: bytes) -> StateMessage | None:
        """Take a piece; return the state that became held by it, if one did. Never raises."""
        try:
            message = self._receive(Piece.of(data))
        except BadInput:  # also ImpossibleState
            self.counts["signed" if data.startswith(SIGNED) else "damaged"] += 1
            return None
        self.counts["taken" if message else "pieces"] += 1
        return message

    @property
    def complete(self) -> bool:
        """Whether all shards are held and have read all their evidence."""
        return (
            self.shards is not None
            and len(self.held) == self.shards
            and all(held.message.complete for held in self.held.values())
        )

    def total(self) -> EvidenceSums:
        """Return the exact sum of all that is held, not to be changed; BadInput if nothing is.

        It is worked out once, until another state is held.
        """
        if not self.held:
            raise BadInput("no shard was heard of yet; start `consilience node`")
        if self._total is not None:
            return self._total
        states = [self.held[shard].sums for shard in sorted(self.held)]
        total = EvidenceSums(states[0].hypotheses)
        for state in states:
            total.merge(state)
        self._total = total
        return total

    def _receive(self, piece: Piece) -> StateMessage | None:
        epoch, shard = piece.place
        if epoch != self.epoch:
            self.counts["other epoch"] += 1
            return None
        if not 1 <= shard <= (self.shards or _MOST_SHARDS):
            self.counts["other division"] += 1
            return None
        standing = self._store.standing(shard, piece.order, piece.digest)
        if standing is Standing.SAME:
            self._hear(shard)
        if standing is Standing.CONFLICT:
            self.doubts[shard] = "two states of one version: two nodes say that they are this shard"
        if standing is not Standing.NEW:
            self.counts["conflict" if standing is Standing.CONFLICT else "old"] += 1
            return None
        order, digest, parts = self._arriving.get(shard, ((-1, -1), b"", {}))
        if piece.order < order:
            self.counts["old"] += 1
            return None
        if (piece.order, piece.digest) != (order, digest):
            self._forget(shard)
            parts = {}
            self._arriving[shard] = piece.order, piece.digest, parts
        cut = parts.setdefault(piece.count, {})
        if piece.number not in cut:
            self._waiting_bytes += len(piece.part)
            cut[piece.number] = piece
        if len(cut) == piece.count:
            self._forget(shard)
            return self._hold(join([cut[number] for number in sorted(cut)]))
        while self._waiting_bytes > _MOST_BYTES:
            self.counts["dropped"] += 1
            self._forget(next(iter(self._arriving)))
        return None

    def _forget(self, shard: int) -> None:
        """Drop what is arriving of a shard."""
        _, _, parts = self._arriving.pop(shard, (None, None, {}))
        pieces = (piece for cut in parts.values() for piece in cut.values())
        self._waiting_bytes -= sum(len(piece.part) for piece in pieces)

    def _hold(self, message: StateMessage) -> StateMessage | None:
        shards, shard = self.shards or message.shards, message.shard
        if message.shards != shards or not 1 <= shard <= shards:
            self.counts["other division"] += 1
            self.doubts[shard] = f"it is shard {shard} of {message.shards}, here of {shards}"
            return None
        try:
            sums = EvidenceSums.from_bytes(message.state)
        except ImpossibleState as error:
            self.doubts[shard] = str(error)
            raise
        for other, held in self.held.items():
            difference = held.sums.difference(sums) if other != shard else None
            if difference is not None:
                self.counts["other evidence"] += 1
                self.doubts[shard] = f"{difference} (shard {other})"
                return None
        self.shards = shards
        self.doubts.pop(shard, None)
        self._hear(shard)
        self._store.join(shard, Held(message, sums, self._clock()))
        self._total = None
        return message

    def _hear(self, shard: int) -> None:
        """Note that something of the present state of a shard has come."""
        self.heard[shard] = self._clock()
