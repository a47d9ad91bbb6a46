"""What honest reporters say, as shares of the 257 bins, and how well recorded runs know it."""

import csv
from dataclasses import dataclass
from fractions import Fraction
from math import log, sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from consilience.errors import BadInput
from consilience.robust.calibration import Calibration
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.number_formats import CLIP_BIN, RATIO_BINS

__all__ = ["BAND", "EvidenceLaw", "law_of_bins", "read_evidence"]

BAND = Fraction(1, 100)
"""Probability, over the recorded runs, that the true law lies outside of the band of one class."""
_COLUMNS = {"truth", "ratio"}


@dataclass(frozen=True)
class EvidenceLaw:
    """Counts of recorded runs by bin, turned so that a high bin speaks for what is true.

    Parameters
    ----------
    counts : (257,) int64
        Runs in bins -128 .. 128, in units of clip / 128.
    """

    counts: NDArray[np.int64]

    @property
    def runs(self) -> int:
        """How many runs it was measured on."""
        return int(self.counts.sum())

    @property
    def quality(self) -> Fraction:
        """Mean of the bins in clips, -1 .. 1, exactly."""
        total = int(self.counts @ np.arange(-CLIP_BIN, CLIP_BIN + 1))
        return Fraction(total, CLIP_BIN * self.runs)

    @property
    def shares(self) -> NDArray[np.float64]:
        """Share of each bin among the runs."""
        return np.asarray(self.counts / self.runs, np.float64)

    @property
    def reach(self) -> float:
        """How far the true distribution function is from the recorded one at most, but for `BAND`.

        Dvoretzky, Kiefer, Wolfowitz and Massart: P(beyond e) <= 2 exp(-2 n e^2).
        """
        return sqrt(log(2 / BAND) / (2 * self.runs))

    def worst(self) -> NDArray[np.float64]:
        """Return the law of the band that speaks least for the truth: nobody's reports are lower.

        As much as the band allows is taken from the highest bins and put into the lowest.
        """
        return _moved(self.shares, self.reach)

    def best(self) -> NDArray[np.float64]:
        """Return the law of the band that speaks most for the truth."""
        return _moved(self.shares[::-1], self.reach)[::-1]


def _moved(shares: NDArray[np.float64], amount: float) -> NDArray[np.float64]:
    """Return the shares with `amount` taken from the highest bins and put into the lowest."""
    amount = min(amount, 1.0)
    above = np.cumsum(shares[::-1])[::-1]
    kept = shares - np.clip(amount - (above - shares), 0.0, shares)
    kept[0] += 1.0 - kept.sum()
    return np.asarray(kept, np.float64)


def read_evidence(path: Path) -> Calibration:
    """Return the recorded ratios of a file: a calibration set, or a table of ratios.

    Parameters
    ----------
    path : Path
        JSON as `Calibration.write` makes it; or CSV with the columns `truth`, one of two names, and
        `ratio`, log2 of (first : second) in bits. The first is the one with the higher mean.

    Raises
    ------
    BadInput
        Neither of them.
    """
    if path.suffix == ".json":
        return Calibration.read(path)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            if not set(rows.fieldnames or ()) >= _COLUMNS:
                raise BadInput(
                    f"{path}: no columns truth and ratio; a line is a run: which of two hypotheses "
                    "was true, and log2 of their ratio in bits"
                )
            found: dict[str, list[float]] = {}
            for number, row in enumerate(rows, 2):
                found.setdefault(row["truth"], []).append(_number(path, number, row["ratio"]))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: cannot be read ({error}); check the path") from None
    if len(found) != 2:
        raise BadInput(
            f"{path}: {len(found)} values of truth; runs of two hypotheses are needed, of each"
        )
    first, second = sorted(found, key=lambda name: -float(np.mean(np.clip(found[name], -64, 64))))
    sides = [_codes(found[name]) for name in (first, second)]
    return Calibration.of("", str(path), (first, second), *sides)


def _number(path: Path, line: int, text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = float("nan")
    if value != value or value == float("inf"):
        raise BadInput(f"{path}: line {line}: ratio {text!r} is no number of bits; correct it")
    return value


def _codes(bits: list[float]) -> NDArray[np.int32]:
    """Return codes to nearest; minus infinity is the log of zero."""
    values = np.array(bits)
    codes = np.rint(np.clip(values * Q16_16.fractions, -Q16_16.max_code, Q16_16.max_code))
    codes[np.isneginf(values)] = Q16_16.log_of_zero
    return np.asarray(codes, np.int32)


def law_of_bins(bins: NDArray[np.int64]) -> EvidenceLaw:
    """Return the law of recorded bins -128 .. 128."""
    return EvidenceLaw(np.bincount(bins + CLIP_BIN, minlength=RATIO_BINS).astype(np.int64))
