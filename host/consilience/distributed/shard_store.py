"""The states that one receiver holds, one of each shard: a state-based CRDT.

The states of a shard are ordered by (incarnation, version). To join a state is to keep the higher
one, which is commutative, associative and idempotent: loss, repetition and reordering of states
change nothing once the last state of each shard has arrived.
"""

from enum import Enum
from typing import Generic, Protocol, TypeVar

__all__ = ["ShardStore", "Standing", "VersionedState"]

Order = tuple[int, int]


class VersionedState(Protocol):
    """A state of a shard, as a store holds it."""

    @property
    def order(self) -> Order:
        """(incarnation, version)."""

    @property
    def digest(self) -> bytes:
        """Equal for equal states of one order."""


class Standing(Enum):
    """How a state of a shard compares with the one held; the values name counters."""

    NEW = "taken"
    SAME = "same"
    OLD = "old"
    CONFLICT = "conflict"
    """Another state under the (incarnation, version) that is held: its shard is at fault."""


StateT = TypeVar("StateT", bound=VersionedState)


class ShardStore(Generic[StateT]):
    """Holds the highest state of each shard.

    Attributes
    ----------
    held : dict of int to VersionedState
        By shard. A state is replaced, never changed, so that a copy of the dict is a snapshot.
    """

    def __init__(self) -> None:
        self.held: dict[int, StateT] = {}

    def order(self, shard: int) -> Order:
        """Return (incarnation, version) of the state held of a shard; (0, 0) for none."""
        return self.held[shard].order if shard in self.held else (0, 0)

    def standing(self, shard: int, order: Order, digest: bytes) -> Standing:
        """Return how a state compares with the one held; what is new is worth decoding."""
        held = self.held.get(shard)
        if held is None or order > held.order:
            return Standing.NEW
        if order < held.order:
            return Standing.OLD
        return Standing.SAME if digest == held.digest else Standing.CONFLICT

    def join(self, shard: int, state: StateT) -> Standing:
        """Hold a state if it is new; return how it compared with the one held before."""
        standing = self.standing(shard, state.order, state.digest)
        if standing is Standing.NEW:
            self._put(shard, state)
        return standing

    def _put(self, shard: int, state: StateT) -> None:
        self.held[shard] = state
