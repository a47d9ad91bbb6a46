"""The states of all shards with their exact sum, kept up to date state by state."""

import hashlib
import struct
import threading
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consilience.distributed.reads.shard_state import ShardState
from consilience.distributed.shard_store import ShardStore, Standing
from consilience.kernels.read_kernels import NEVER
from consilience.robust.robust_histogram import RobustHistogram
from consilience_hw.spec.number_formats import RATIO_BINS

__all__ = ["HeldState", "MergedStates", "View"]

_TAG = b"consilience read 1\0"
_EPOCH = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class HeldState:
    """A state of one shard.

    Parameters
    ----------
    order : tuple of int
        (incarnation, version).
    digest : bytes
        Of its message; empty for the node's own shard.
    state : ShardState
    """

    order: tuple[int, int]
    digest: bytes
    state: ShardState


class View(NamedTuple):
    """What is held at one moment, for readers; nobody writes to it.

    Parameters
    ----------
    total : ShardState
        The merged state.
    digest : str
        Of the merged state; see `Answer.digest`.
    evidence : ndarray of int64, shape (S,)
        l_s in ulp; 0 where no state is held.
    incarnations, versions : tuple of int
        Of the states held; 0 where there is none.
    sent_ns : ndarray of int64, shape (S,)
        The holder's elapsed time at or after which the state was sent, see `AgeBounds`; `NEVER`
        where there is none.
    """

    total: ShardState
    digest: str
    evidence: NDArray[np.int64]
    incarnations: tuple[int, ...]
    versions: tuple[int, ...]
    sent_ns: NDArray[np.int64]


class MergedStates(ShardStore[HeldState]):
    """A store that sums the states it holds: a new state replaces the old one in the sum.

    A read copies arrays: what is the same for many reads is worked out when a state comes, and
    what only a read needs, once for all reads until the next state.

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
        self._clip, self._tag = clip, _TAG + _EPOCH.pack(epoch)
        self._nothing = ShardState(RobustHistogram(clip), 0)
        self._counts = np.zeros(RATIO_BINS, np.int64)
        self._sum = 0
        self._evidence = np.zeros(shards, np.int64)
        self._sent_ns = np.full(shards, NEVER)
        self._orders = np.zeros((2, shards), np.uint64)
        self._view: View | None = None

    def date(self, shard: int, sent_ns: int) -> None:
        """Date the state that is held of a shard anew: it was sent again."""
        with self.lock:
            self._sent_ns[shard - 1] = sent_ns

    def join_dated(self, shard: int, state: HeldState, sent_ns: int) -> Standing:
        """Hold a state if it is new, with its date: no view has one without the other."""
        with self.lock:
            standing = self.join(shard, state)
            if standing is Standing.NEW:
                self.date(shard, sent_ns)
            return standing

    def view(self) -> View:
        """Return what is held now."""
        with self.lock:
            if self._view is None:
                self._view = self._viewed()
            return self._view._replace(sent_ns=self._sent_ns.copy())

    def _put(self, shard: int, state: HeldState) -> None:
        with self.lock:
            before = self.held[shard].state if shard in self.held else self._nothing
            self._counts += state.state.histogram.counts - before.histogram.counts
            self._sum += state.state.evidence - before.evidence
            self._evidence[shard - 1] = state.state.evidence
            self._orders[:, shard - 1] = state.order
            super()._put(shard, state)
            self._view = None

    def _viewed(self) -> View:
        total = ShardState(RobustHistogram.of_counts(self._counts, self._clip), self._sum)
        digest = hashlib.sha256(self._tag + bytes(total)).hexdigest()
        incarnations, versions = map(tuple, self._orders.tolist())
        evidence = self._evidence.copy()
        return View(total, digest, evidence, incarnations, versions, self._sent_ns)
