"""Posteriors of many agents around the log sums over their hypotheses, compiled.

Integers only, for Q16.16: `difference_segments` gives the codes to be summed, `normalise_each`
subtracts the log sums.
"""

import numpy as np
from numpy.typing import NDArray

from consilience.kernels.compiling import compiled
from consilience.numbers.arrays import Codes, Offsets, Words
from consilience_hw.spec.flags import CLAMPS_SHIFT, ResultStatus
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.number_formats import ONE, WEIGHT_BITS

__all__ = ["difference_segments", "normalise_each"]

_ZERO = Q16_16.log_of_zero
_MIN = Q16_16.min_code
_HALF = ONE >> 1
_FAR = 1 << 32  # beyond it a difference is clamped, whatever it is

_IMPOSSIBLE = int(ResultStatus.IMPOSSIBLE)
_CLAMPED = int(ResultStatus.CLAMPED)
_CLAMPS = CLAMPS_SHIFT


@compiled
def difference_segments(
    evidence: Codes,
    offsets: Offsets,
    prior: Codes,
    weight: Words,
    d: Codes,
    clamps: NDArray[np.int64],
) -> None:
    """Write d[h] of every agent, and how many of them were clamped.

    `weight` may be empty: all are 1. Where no hypothesis is possible, d is the log of zero for all
    and the count -1. L[h] is kept as ``high * 2**16 + low``: the products' low 16 bits are summed
    apart, so that 2**32 rows cannot overflow.
    """
    hypotheses = evidence.shape[1]
    high = np.empty(hypotheses, np.int64)
    low = np.empty(hypotheses, np.int64)
    possible = np.empty(hypotheses, np.bool_)
    for agent in range(len(clamps)):
        for h in range(hypotheses):
            possible[h] = prior[h] != _ZERO
            high[h] = prior[h]
            low[h] = 0
        for row in range(offsets[agent], offsets[agent + 1]):
            w = np.int64(weight[row]) if len(weight) else np.int64(ONE)
            if w == 0:
                continue
            for h in range(hypotheses):
                code = evidence[row, h]
                if code == _ZERO:
                    possible[h] = False
                else:
                    product = np.int64(code) * w
                    high[h] += product >> WEIGHT_BITS
                    low[h] += product & (ONE - 1)
        best = -1
        for h in range(hypotheses):
            high[h] += low[h] >> WEIGHT_BITS
            low[h] &= ONE - 1
            if possible[h] and (
                best < 0 or high[h] > high[best] or (high[h] == high[best] and low[h] > low[best])
            ):
                best = h
        clamped = -1 if best < 0 else 0
        for h in range(hypotheses):
            d[agent, h] = _ZERO
            if possible[h]:
                rest = low[h] - low[best]
                # The difference of two sums can be wider than both: half of it is not.
                if (high[best] >> 1) - (high[h] >> 1) > _FAR:
                    quotient = np.int64(-2 * _FAR)
                else:
                    quotient = high[h] - high[best] + (rest >> WEIGHT_BITS)
                rest &= ONE - 1
                if rest > _HALF or (rest == _HALF and quotient & 1):
                    quotient += 1
                if quotient < _MIN:
                    quotient = np.int64(_MIN)
                    clamped += 1
                d[agent, h] = quotient
        clamps[agent] = clamped


@compiled
def normalise_each(d: Codes, clamps: NDArray[np.int64], totals: Codes, status: Words) -> None:
    """Turn d[h] of every agent into its posterior, given the log sum of d; write its status."""
    for agent in range(len(status)):
        if clamps[agent] < 0:
            status[agent] = _IMPOSSIBLE
            continue
        clamped = clamps[agent]
        total = np.int64(totals[agent])
        # Without a branch, so that it is compiled to vector instructions.
        for h in range(d.shape[1]):
            possible = d[agent, h] != _ZERO
            value = np.int64(d[agent, h]) - total
            clamped += possible & (value < _MIN)
            d[agent, h] = max(value, np.int64(_MIN)) if possible else np.int64(_ZERO)
        status[agent] = (_CLAMPED if clamped else 0) | clamped << _CLAMPS
