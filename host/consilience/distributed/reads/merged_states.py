"""The states of all shards with their exact sum, kept up to date state by state."""

import hashlib
import struct
import threading
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from consilience.distributed.reads.shard_state import ShardState
from consilience.distributed.shard_store import ShardStore
from consilience.robust.robust_histogram import RobustHistogram
from consilience_hw.spec.number_formats import RATIO_BINS

__all__ = ["HeldState", "MergedStates", "View"]

_TAG = b"consilience read 1\0"
_EPOCH = struct.Struct("<Q")


@dataclass(frozen=True)
class HeldState:
    """A state of one shard.

    Parameters
    ----------
    order : tuple of int
        (incarnation, version).
    digest : bytes
        Of its message; empty for the node's own shard.
    state : ShardState
    sent_ns : int
        The holder's elapsed time at or after which it was sent; see `AgeBounds`.
    """

    order: tuple[int, int]
    digest: bytes
    state: ShardState
    sent_ns: int


@dataclass(frozen=True)
class View:
    """What is held at one moment, for readers; nobody writes to it.

    Parameters
    ----------
    total : ShardState
        The merged state.
    digest : str
        Of the merged state; see `Answer.digest`.
    evidence : ndarray of int64, shape (S,)
        l_s in ulp; 0 where no state is held.
    sent_ns : ndarray of int64, shape (S,)
        As in `HeldState`.
    incarnations, versions : tuple of int
        Of the states held; 0 where there is none.
    """

    total: ShardState
    digest: str
    evidence: NDArray[np.int64]
    sent_ns: NDArray[np.int64]
    incarnations: tuple[int, ...]
    versions: tuple[int, ...]


class MergedStates(ShardStore[HeldState]):
    """A store that sums the states it holds: a new state replaces the old one in the sum.

    Parameters
    ----------
    shards : int
    clip : int
        c in ulp, of every histogram.
    epoch : int

    Attributes
    ----------
    lock : RLock
        Held while states change and while a view is made, for neither disk nor network.
    """

    def __init__(self, shards: int, clip: int, epoch: int) -> None:
        super().__init__()
        self.lock = threading.RLock()
        self._clip, self._epoch = clip, epoch
        self._none = HeldState((0, 0), b"", ShardState(RobustHistogram(clip), 0), 0)
        self._shards = range(1, shards + 1)
        self._counts = np.zeros(RATIO_BINS, np.int64)
        self._evidence = 0
        self._view: View | None = None

    def date(self, shard: int, sent_ns: int) -> None:
        """Date the state that is held of a shard anew: it was sent again."""
        self._put(shard, replace(self.held[shard], sent_ns=sent_ns))

    def view(self) -> View:
        """Return what is held now; the same object until something changes."""
        with self.lock:
            if self._view is None:
                self._view = self._viewed()
            return self._view

    def _put(self, shard: int, state: HeldState) -> None:
        with self.lock:
            before = self.held.get(shard, self._none).state
            if state.state is not before:
                self._counts += state.state.histogram.counts - before.histogram.counts
                self._evidence += state.state.evidence - before.evidence
            super()._put(shard, state)
            self._view = None

    def _viewed(self) -> View:
        total = ShardState(RobustHistogram.of_counts(self._counts, self._clip), self._evidence)
        rows = [self.held.get(shard, self._none) for shard in self._shards]
        return View(
            total,
            hashlib.sha256(_TAG + _EPOCH.pack(self._epoch) + bytes(total)).hexdigest(),
            np.array([row.state.evidence for row in rows]),
            np.array([row.sent_ns for row in rows]),
            tuple(row.order[0] for row in rows),
            tuple(row.order[1] for row in rows),
        )
