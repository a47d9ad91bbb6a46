"""Streams of numbers, compiled: how far each is from what the rows before it foretell.

A view of a stream has exponentially discounted normal-inverse-gamma statistics (weight, mean, mean
square about it): one for its level, one for each hour of the day and of the week.
"""

import math

import numpy as np
from numpy.typing import NDArray

from consilience.kernels.compiling import compiled, inlined

__all__ = ["BINS", "SHAPES", "shape_each", "view_each"]

Float = NDArray[np.float64]
Int = NDArray[np.int64]

BINS = (24, 168)
"""Hours of a day, and of a week."""
SHAPES = (2.0, 4.0, 6.0, 10.0, 20.0)
"""Degrees of freedom; even, as their distribution functions are finite sums."""

_DAY, _WEEK = BINS
_LEVEL_KEPT = 1.0 - 1.0 / 2000.0
_BIN_KEPT = 1.0 - 1.0 / 200.0
_SHAPE_KEPT = 1.0 - 1.0 / 100.0
_PRIOR_ROWS = 5.0
_FIRST_BIN_ROWS = 3.0
_FIRST_ROWS = 20.0
_MOST_EVIDENCE = 50.0
_MOST_STEP = 3.0
_RELATIVE_FLOOR = 1e-6
_FARTHEST = 1e9
_LEAST = 2.0**-52
_SHAPE_LIST = np.array(SHAPES)
# A scale that gives variance 1; at two degrees of freedom there is none, 3 is that of 2.25.
_SPREADS = np.array([3.0 if one == 2.0 else math.sqrt(one / (one - 2.0)) for one in SHAPES])
_CONSTANTS = np.array(
    [
        math.lgamma((one + 1.0) / 2.0) - math.lgamma(one / 2.0) - 0.5 * math.log(one * math.pi)
        for one in SHAPES
    ]
) + np.log(_SPREADS)


@inlined
def _learn(row: Float, value: float, kept: float) -> None:
    row[0] = row[0] * kept + 1.0
    off = value - row[1]
    row[1] += off / row[0]
    row[2] = (row[2] * (row[0] - 1.0) + off * (value - row[1])) / row[0]


@inlined
def _distance(off: float, scale: float) -> float:
    if off == 0.0:
        return 0.0
    return _FARTHEST if scale * _FARTHEST <= abs(off) else off / scale


@inlined
def _log_density(distance: float, scale: float) -> float:
    # Student's with four degrees of freedom, but for its constant.
    return -math.log(max(scale, 1e-300)) - 2.5 * math.log1p(distance * distance / 4.0)


@compiled
def view_each(
    values: Float, hours: Int, level: Float, bins: Float, pooled: Float, largest: Float
) -> Float:
    """Return the distance of each value from what was foretold, in standard deviations.

    The larger of two counts: from the level; and from the hour of the day or of the week, the
    nearer one of those that have foretold better than the level so far.

    Parameters
    ----------
    values : (n,) float64
        NaN: not observed; nothing is learned, the distance is NaN.
    hours : (n,) int64
        Hours since the beginning of a week; -1: not known.
    level : (3,) float64
        Weight, mean, mean square; 0 at the start, and changed, as all below.
    bins : (192, 3) float64
        The same for each hour of the day, then of the week.
    pooled : (3, 3) float64
        Of the day and the week: weight and mean square of what they left over, and evidence in nats
        less that of the best, at least -50, so that another may become the best; in the last row
        the level's evidence.
    largest : (1,) float64
        Magnitude so far.
    """
    found = np.full(len(values), np.nan)
    for place in range(len(values)):
        value = values[place]
        if math.isnan(value):
            continue
        far = 0.0
        floor = _RELATIVE_FLOOR * largest[0]
        scale = max(math.sqrt(max(level[2], 0.0)), floor)
        distance = _distance(value - level[1], scale)
        if level[0] > 0.0:
            far = abs(distance)
            plain = _log_density(distance, scale)
            nearest = math.inf
            for season in range(2):
                gain = 0.0
                row = hours[place] % _DAY if season == 0 else _DAY + hours[place] % _WEEK
                known = hours[place] >= 0 and pooled[season, 0] > _FIRST_ROWS
                if known and bins[row, 0] > _FIRST_BIN_ROWS:
                    square = _PRIOR_ROWS * pooled[season, 1] + bins[row, 0] * bins[row, 2]
                    spread = max(math.sqrt(max(square, 0.0) / (_PRIOR_ROWS + bins[row, 0])), floor)
                    off = _distance(value - bins[row, 1], spread)
                    if pooled[season, 2] > pooled[2, 2]:
                        nearest = min(nearest, abs(off))
                    gain = _log_density(off, spread) - plain
                pooled[season, 2] *= _LEVEL_KEPT
                pooled[season, 2] += min(max(gain, -_MOST_STEP), _MOST_STEP)
            if nearest < math.inf:
                far = max(far, nearest)
            pooled[2, 2] *= _LEVEL_KEPT
            highest = max(pooled[0, 2], pooled[1, 2], pooled[2, 2])
            for season in range(3):
                pooled[season, 2] = max(pooled[season, 2] - highest, -_MOST_EVIDENCE)
        for season in range(2):
            if hours[place] < 0:
                continue
            row = hours[place] % _DAY if season == 0 else _DAY + hours[place] % _WEEK
            if bins[row, 0] > 0.0:
                left = value - bins[row, 1]
                pooled[season, 0] = pooled[season, 0] * _LEVEL_KEPT + 1.0
                pooled[season, 1] += (left * left - pooled[season, 1]) / pooled[season, 0]
            _learn(bins[row], value, _BIN_KEPT)
        _learn(level, value, _LEVEL_KEPT)
        largest[0] = max(largest[0], abs(value))
        found[place] = far
    return found


@compiled
def shape_each(distances: Float, evidence: Float) -> Float:
    """Return -log2 of the chance of each distance or a larger one; at most 52.

    Student's distribution, its degrees of freedom weighed by how well each foretold the distances
    so far.

    Parameters
    ----------
    distances : (n,) float64
        Standard deviations, 0 or more; NaN gives NaN.
    evidence : (5,) float64
        For each of `SHAPES`, in nats; 0 at the start, and changed.
    """
    found = np.full(len(distances), np.nan)
    for place in range(len(distances)):
        if math.isnan(distances[place]):
            continue
        most = evidence.max()
        whole, chance = 0.0, 0.0
        for number in range(len(_SHAPE_LIST)):
            freedom = _SHAPE_LIST[number]
            square = (distances[place] * _SPREADS[number]) ** 2
            term, total = 1.0, 1.0
            for step in range(1, int(freedom) // 2):
                term *= (2 * step - 1) / (2.0 * step) / (1.0 + square / freedom)
                total += term
            tail = max(1.0 - math.sqrt(square / (freedom + square)) * total, _LEAST)
            weight = math.exp(evidence[number] - most)
            whole += weight
            chance += weight * tail
            density = (freedom + 1.0) / 2.0 * math.log1p(square / freedom)
            evidence[number] = evidence[number] * _SHAPE_KEPT + _CONSTANTS[number] - density
        found[place] = -math.log2(min(max(chance / whole, _LEAST), 1.0))
    return found
