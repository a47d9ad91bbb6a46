"""Of every shard the highest state heard of, as arrays that one read sums at once."""

import hashlib
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from consilience.distributed.reads.shard_state import ShardState
from consilience.robust.robust_histogram import RobustHistogram
from consilience_hw.spec.number_formats import RATIO_BINS

__all__ = ["ShardTable", "TableView"]

_TAG = b"consilience read 1\0"
_EPOCH = struct.Struct("<Q")


@dataclass(frozen=True)
class TableView:
    """What is held at one moment, for readers; nobody writes to it.

    Parameters
    ----------
    total : ShardState
        The merged state.
    digest : str
        Of the merged state; see `Answer.digest`.
    evidence : ndarray of int64, shape (S,)
        l_s in ulp.
    heard : ndarray of bool, shape (S,)
        Whether a state of the shard is held.
    incarnations, versions : tuple of int
        Of the states held; 0 where there is none.
    """

    total: ShardState
    digest: str
    evidence: NDArray[np.int64]
    heard: NDArray[np.bool_]
    incarnations: tuple[int, ...]
    versions: tuple[int, ...]


class ShardTable:
    """The states held, one row a shard; a row is replaced, never added to.

    Not thread-safe: its node holds a lock.

    Parameters
    ----------
    shards : int
    clip : int
        c in ulp, of every histogram.
    epoch : int
    """

    def __init__(self, shards: int, clip: int, epoch: int) -> None:
        self._clip, self._epoch = clip, epoch
        self._counts = np.zeros((shards, RATIO_BINS), np.int64)
        self._evidence = np.zeros(shards, np.int64)
        self._incarnations = np.zeros(shards, np.int64)
        self._versions = np.zeros(shards, np.int64)
        self._view: TableView | None = None

    def order(self, shard: int) -> tuple[int, int]:
        """Return (incarnation, version) of the state held of a shard; (0, 0) for none."""
        return int(self._incarnations[shard - 1]), int(self._versions[shard - 1])

    def put(self, shard: int, order: tuple[int, int], state: ShardState) -> None:
        """Hold a state in place of the one before."""
        row = shard - 1
        self._counts[row] = state.histogram.counts
        self._evidence[row] = state.evidence
        self._incarnations[row], self._versions[row] = order
        self._view = None

    def view(self) -> TableView:
        """Return what is held now; the same object until something else is held."""
        if self._view is None:
            histogram = RobustHistogram.of_counts(self._counts.sum(axis=0), self._clip)
            total = ShardState(histogram, int(self._evidence.sum()))
            data = _TAG + _EPOCH.pack(self._epoch) + bytes(total)
            self._view = TableView(
                total,
                hashlib.sha256(data).hexdigest(),
                self._evidence.copy(),
                self._incarnations > 0,
                tuple(self._incarnations.tolist()),
                tuple(self._versions.tolist()),
            )
        return self._view
