"""Evidence quality r and breakdown r / (1 + r): the share of liars that evidence bears."""

from dataclasses import dataclass
from fractions import Fraction

from consilience.numbers.arrays import Codes
from consilience.robust.calibration import Calibration
from consilience.robust.robust_histogram import RobustHistogram
from consilience_hw.spec.number_formats import CLIP_BIN

__all__ = ["EvidenceQuality", "evidence_quality"]


@dataclass(frozen=True)
class EvidenceQuality:
    """How strongly clipped evidence speaks for what is true.

    Parameters
    ----------
    clip : int
        c in ulp.
    first, second : Fraction
        E[binned ratio towards the truth] / c, -1 .. 1, where that hypothesis is true.
    """

    clip: int
    first: Fraction
    second: Fraction

    @property
    def quality(self) -> Fraction:
        """The lesser of the two, r."""
        return min(self.first, self.second)

    @property
    def breakdown(self) -> Fraction:
        """r / (1 + r): below this share of liars the sum's expectation has the right sign.

        Honest reporters pull by (1 - b) r, liars by b at most. 0 where r is not above 0. A third of
        liars needs r > 1/2.
        """
        r = max(self.quality, Fraction(0))
        return r / (1 + r)

    @property
    def certified(self) -> Fraction:
        """r / (2 + r): below this share of liars the certified interval decides, in expectation.

        Liars pull by b, and the interval leaves out as much again of what speaks for the truth.
        """
        r = max(self.quality, Fraction(0))
        return r / (2 + r)


def evidence_quality(calibration: Calibration, clip: int) -> EvidenceQuality:
    """Return the quality of a calibration set's evidence at a clip in ulp, exactly.

    Raises
    ------
    BadInput
        A clip that `RobustHistogram` refuses.
    """
    return EvidenceQuality(clip, _mean(calibration.first, clip), -_mean(calibration.second, clip))


def _mean(ratios: Codes, clip: int) -> Fraction:
    """Return the mean of the binned ratios in clips."""
    histogram = RobustHistogram.of(ratios, clip)
    return Fraction(histogram.sum, CLIP_BIN * histogram.count)
