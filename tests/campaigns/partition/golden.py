"""What is right: states, sums and digests from the frames alone, by the contract's formulas."""

import hashlib
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.campaigns.partition.history import Frames, Ints

__all__ = ["Golden", "Truth", "bins_of"]

_BINS, _CLIP_BIN = 257, 128


def bins_of(ratio: int, unit: int) -> int:
    """Return the bin of a ratio, -128 .. 128."""
    size = min((abs(ratio) + unit // 2) // unit, _CLIP_BIN)
    return size if ratio >= 0 else -size


class Golden:
    """The state of each shard after each number of its frames.

    Parameters
    ----------
    settings : dict
        Of the run: clip, format (the number format's id).
    frames : dict
        By shard, 1 .. S.
    """

    def __init__(self, settings: dict[str, Any], frames: dict[int, Frames]) -> None:
        self._format, self._unit = settings["format"], settings["clip"] // _CLIP_BIN
        clip, counts, sums, binned, first = settings["clip"], [], [], [], []
        for shard in sorted(frames):
            said, latest = frames[shard].said, {}
            first.append(len(sums))
            counts.append(np.zeros(_BINS, np.int32))
            sums.append(0)
            binned.append(0)
            for seq in range(len(said)):
                reporter, ratio = said[seq]
                latest[reporter] = ratio
                row = np.zeros(_BINS, np.int32)
                for value in latest.values():
                    row[bins_of(value, self._unit) + _CLIP_BIN] += 1
                counts.append(row)
                sums.append(sum(max(-clip, min(clip, value)) for value in latest.values()))
                binned.append(sum(bins_of(value, self._unit) for value in latest.values()))
        self._first = np.array(first, np.int64)
        self._last = np.array([len(frames[shard].said) for shard in sorted(frames)], np.int64)
        self._counts = np.array(counts)
        self._sums, self._binned = np.array(sums, np.int64), np.array(binned, np.int64)
        self._digests: dict[bytes, str] = {}

    def known(self, versions: Ints) -> NDArray[np.bool_]:
        """Return, for rows of versions, whether there are so many frames of every shard."""
        return ((versions >= 0) & (versions <= self._last)).all(axis=1)

    def evidence(self, versions: Ints) -> Ints:
        """Return the sum of clipped ratios, in ulp, of versions of shape (R, S): shape (R, S)."""
        return self._sums[self._first + versions]

    def binned(self, versions: Ints) -> Ints:
        """Return the sum of binned ratios, in units, of versions of shape (R, S): shape (R, S)."""
        return self._binned[self._first + versions]

    def digest(self, versions: Ints, epoch: int = 0) -> str:
        """Return the digest of the merged state of versions of shape (S,)."""
        key = versions.tobytes()
        if key not in self._digests:
            places = self._first + versions
            counts = self._counts[places].sum(axis=0)
            data = b"consilience read 1\0" + struct.pack("<Q", epoch)
            data += struct.pack("<4sHq", b"CSRS", 1, int(self._sums[places].sum()))
            data += struct.pack("<4sHII", b"CSRH", 1, self._format, self._unit)
            for place in np.flatnonzero(counts):
                data += struct.pack("<hQ", place - _CLIP_BIN, counts[place])
            self._digests[key] = hashlib.sha256(data).hexdigest()
        return self._digests[key]


class Truth:
    """How many frames were in the state of each shard at any moment.

    Between two bounds: a frame that a node had on the disk when it was killed came into its state
    then or at the restart, and no one can say when.

    Parameters
    ----------
    frames : dict
        By shard, 1 .. S.
    """

    def __init__(self, frames: dict[int, Frames]) -> None:
        self._latest = [self._bounds(frames[shard]) for shard in sorted(frames)]

    def versions(self, times: Ints) -> tuple[Ints, Ints]:
        """Return at least and at most how many, shape (R, S) each, at times of shape (R,)."""
        pairs = [
            (np.searchsorted(surely, times, "right"), np.searchsorted(maybe, times, "right"))
            for surely, maybe in self._latest
        ]
        return (
            np.stack([low for low, _ in pairs], axis=1).astype(np.int64),
            np.stack([high for _, high in pairs], axis=1).astype(np.int64),
        )

    @staticmethod
    def _bounds(frames: Frames) -> tuple[Ints, Ints]:
        """Return by version, from 1 on, from when it surely and from when it maybe was there."""
        surely, maybe = [], []
        known = max([*frames.changed, *(version for _, version in frames.started), 0])
        for version in range(1, known + 1):
            if version in frames.changed:
                surely.append(frames.changed[version])
                maybe.append(frames.changed[version])
            else:
                surely.append(min(t for t, replayed in frames.started if replayed >= version))
                maybe.append(frames.invoked[version - 1])
        return np.array(surely, np.int64), np.array(maybe, np.int64)
