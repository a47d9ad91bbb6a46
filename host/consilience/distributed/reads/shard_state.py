"""The evidence of one shard's reporters as exact sums, and the reports that change it."""

import struct
from dataclasses import dataclass
from typing import Self

from consilience.errors import BadInput, ImpossibleState
from consilience.robust.robust_histogram import RobustHistogram

__all__ = ["Report", "ShardReporters", "ShardState"]

_MAGIC = b"CSRS"
_VERSION = 1
_HEADER = struct.Struct("<4sHq")
_REPORT = struct.Struct("<Ii")


@dataclass(frozen=True)
class Report:
    """The ratio of a reporter from now on, in place of its earlier one.

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
        return _REPORT.pack(self.reporter, self.ratio)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the report of its bytes; BadInput if they are none."""
        if len(data) != _REPORT.size:
            raise BadInput(f"{len(data)} bytes are no report")
        return cls(*_REPORT.unpack(data))


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
        # A binned ratio is within half a unit of the clipped one.
        apart = abs(evidence - histogram.unit * histogram.sum)
        if apart > histogram.unit // 2 * histogram.count:
            raise ImpossibleState("a sum of ratios that their histogram contradicts")
        return cls(histogram, evidence)


class ShardReporters:
    """The present ratio of each reporter of one shard; only its own node knows them one by one.

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
        self.reports = 0

    def check(self, report: Report) -> None:
        """Raise BadInput if the reporter is not enrolled."""
        if not 0 <= report.reporter < self._enrolled:
            raise BadInput(f"reporter {report.reporter} is not among the {self._enrolled} enrolled")

    def apply(self, report: Report) -> None:
        """Let a report replace its reporter's last one; the state becomes another object."""
        self.check(report)
        histogram = RobustHistogram(self._clip).merge(self.state.histogram)
        evidence = self.state.evidence
        before = self._ratios.get(report.reporter)
        if before is not None:
            histogram.remove(before)
            evidence -= self._clipped(before)
        histogram.add(report.ratio)
        self.state = ShardState(histogram, evidence + self._clipped(report.ratio))
        self._ratios[report.reporter] = report.ratio
        self.reports += 1

    def _clipped(self, ratio: int) -> int:
        return max(-self._clip, min(self._clip, ratio))
