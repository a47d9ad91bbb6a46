"""The evidence of one shard's reporters as exact sums, and the frames that change it."""

import struct
from dataclasses import dataclass
from typing import Self

from consilience.errors import BadInput, ImpossibleState
from consilience.robust.robust_histogram import RobustHistogram

__all__ = ["Report", "ShardReporters", "ShardState"]

_MAGIC = b"CSRS"
_VERSION = 1
_HEADER = struct.Struct("<4sHq")
_FRAME = struct.Struct("<Ii")


@dataclass(frozen=True)
class Report:
    """What a reporter says from now on, in place of what it said before.

    Parameters
    ----------
    reporter : int
        0 .. enrolled - 1 of its shard.
    ratio : int
        Its log-likelihood ratio, an int32 code (ulp of 2**-16 bit).
    """

    reporter: int
    ratio: int

    def __bytes__(self) -> bytes:
        """Return reporter u32 and ratio i32, little-endian."""
        return _FRAME.pack(self.reporter, self.ratio)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the frame of its bytes; BadInput if they are none."""
        if len(data) != _FRAME.size:
            raise BadInput(f"{len(data)} bytes are no frame of a reporter")
        return cls(*_FRAME.unpack(data))


@dataclass(frozen=True)
class ShardState:
    """The mergeable state of one shard.

    Parameters
    ----------
    histogram : RobustHistogram
        One ratio of each reporter that has spoken.
    evidence : int
        l_s: the sum of the same ratios, each clipped to +-c, in ulp.
    """

    histogram: RobustHistogram
    evidence: int

    def __bytes__(self) -> bytes:
        """Return the canonical bytes: magic, version u16, evidence i64 LE, the histogram's."""
        return _HEADER.pack(_MAGIC, _VERSION, self.evidence) + bytes(self.histogram)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the state of its bytes; ImpossibleState if no reporters have it."""
        if len(data) < _HEADER.size:
            raise ImpossibleState(f"{len(data)} bytes are no state of a shard")
        magic, version, evidence = _HEADER.unpack_from(data)
        if (magic, version) != (_MAGIC, _VERSION):
            raise ImpossibleState("the bytes are no state of a shard of this version")
        histogram = RobustHistogram.from_bytes(data[_HEADER.size :])
        # A binned ratio is within half a unit, rounded up, of the clipped one.
        apart = abs(evidence - histogram.unit * histogram.sum)
        if 2 * apart > (histogram.unit + 1) * histogram.count:
            raise ImpossibleState("a sum of ratios that their histogram contradicts")
        return cls(histogram, evidence)


class ShardReporters:
    """What each reporter of one shard says now; only its own node knows them one by one.

    Parameters
    ----------
    enrolled : int
        Reporters 0 .. enrolled - 1 may speak.
    clip : int
        c in ulp: 128 k.
    """

    def __init__(self, enrolled: int, clip: int) -> None:
        self._enrolled, self._clip = enrolled, clip
        self._ratios: dict[int, int] = {}
        self.state = ShardState(RobustHistogram(clip), 0)
        self.frames = 0

    def check(self, frame: Report) -> None:
        """Raise BadInput if the reporter is not enrolled."""
        if not 0 <= frame.reporter < self._enrolled:
            raise BadInput(f"reporter {frame.reporter} is not among the {self._enrolled} enrolled")

    def apply(self, frame: Report) -> None:
        """Let the frame replace what its reporter said; the state becomes another object."""
        self.check(frame)
        histogram = RobustHistogram(self._clip).merge(self.state.histogram)
        evidence = self.state.evidence
        before = self._ratios.get(frame.reporter)
        if before is not None:
            histogram.remove(before)
            evidence -= self._clipped(before)
        histogram.add(frame.ratio)
        self.state = ShardState(histogram, evidence + self._clipped(frame.ratio))
        self._ratios[frame.reporter] = frame.ratio
        self.frames += 1

    def _clipped(self, ratio: int) -> int:
        return max(-self._clip, min(self._clip, ratio))
