"""Of every shard the highest state heard of, as arrays that one read sums at once."""

import hashlib
import struct
from dataclasses import dataclass

import numpy as np
from consilience_hw.robust_format import RATIO_BINS
from numpy.typing import NDArray

from consilience.exact.robust_histogram import RobustHistogram

from .shard_state import ShardState

__all__ = ["ShardTable", "TableCopy"]

_TAG = b"consilience read 1\0"
_EPOCH = struct.Struct("<Q")


@dataclass(frozen=True)
class TableCopy:
    """The table at one moment: sums over the shards, and where each shard stands.

    Parameters
    ----------
    total : ShardState
        The merged state.
    evidence, incarnations, versions, said_ns : ndarray of int64, shape (S,)
        As `ShardTable` holds them.
    """

    total: ShardState
    evidence: NDArray[np.int64]
    incarnations: NDArray[np.int64]
    versions: NDArray[np.int64]
    said_ns: NDArray[np.int64]

    def digest(self, epoch: int) -> str:
        """Return the digest of the merged state; see `Answer.digest`."""
        return hashlib.sha256(_TAG + _EPOCH.pack(epoch) + bytes(self.total)).hexdigest()


class ShardTable:
    """The states held, one row a shard; a row is replaced, never added to.

    Not thread-safe: its node holds a lock for the microseconds of a `put` or a `copy`.

    Parameters
    ----------
    shards : int
    clip : int
        c in ulp, of every histogram.
    """

    def __init__(self, shards: int, clip: int) -> None:
        self._clip = clip
        self._counts = np.zeros((shards, RATIO_BINS), np.int64)
        self._evidence = np.zeros(shards, np.int64)
        self._incarnations = np.zeros(shards, np.int64)
        self._versions = np.zeros(shards, np.int64)
        self._said_ns = np.zeros(shards, np.int64)

    def order(self, shard: int) -> tuple[int, int]:
        """Return (incarnation, version) of the state held of a shard; (0, 0) for none."""
        return int(self._incarnations[shard - 1]), int(self._versions[shard - 1])

    def put(self, shard: int, order: tuple[int, int], state: ShardState) -> None:
        """Hold a state in place of the one before."""
        row = shard - 1
        self._counts[row] = state.histogram.counts
        self._evidence[row] = state.evidence
        self._incarnations[row], self._versions[row] = order

    def date(self, shard: int, said_ns: int) -> None:
        """Set at or after which moment the state held was its shard's own."""
        self._said_ns[shard - 1] = said_ns

    def copy(self) -> TableCopy:
        """Return what is held now."""
        return TableCopy(
            self._merged(),
            self._evidence.copy(),
            self._incarnations.copy(),
            self._versions.copy(),
            self._said_ns.copy(),
        )

    def _merged(self) -> ShardState:
        histogram = RobustHistogram.of_counts(self._counts.sum(axis=0), self._clip)
        return ShardState(histogram, int(self._evidence.sum()))
