"""Posteriors of many agents, compiled. Integers only, for Q16.16.

Around log sums that a device computes: `difference_segments` gives the codes to be summed,
`normalise_each` subtracts the log sums. Without such a device: `add_rows` adds up L, with the rows
in any order, and `finish_each` does all that follows.
"""

import numpy as np
from numpy.typing import NDArray

from consilience.kernels.compiling import compiled, inlined
from consilience.kernels.instructions import fetch_row
from consilience.kernels.kernel_tables import KernelTables
from consilience.kernels.sum_kernels import _cut_term, _rounded
from consilience.numbers.arrays import Codes, Offsets, Words
from consilience_hw.spec.flags import CLAMPS_SHIFT, ResultStatus
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.number_formats import ONE, WEIGHT_BITS

__all__ = ["add_rows", "difference_segments", "finish_each", "normalise_each"]

_ZERO = Q16_16.log_of_zero
_MIN = Q16_16.min_code
_HALF = ONE >> 1
_WORD = np.uint64(32)
_LOW = np.uint64(0xFFFF_FFFF)
_AHEAD = 24  # rows
_ONE_ROW = 1 << 16
_FARTHEST = -(1 << 63)
_FAR = 1 << 32  # beyond it a difference is clamped, whatever it is

_IMPOSSIBLE = int(ResultStatus.IMPOSSIBLE)
_CLAMPED = int(ResultStatus.CLAMPED)
_CLAMPS = CLAMPS_SHIFT


@inlined
def _rounded_difference(
    high: np.int64, low: np.int64, best_high: np.int64, best_low: np.int64
) -> np.int64:
    """Return the difference of two L in whole ulp, ties to even; far below all codes if it is."""
    rest = low - best_low
    # The difference of two sums can be wider than both: half of it is not.
    if (best_high >> 1) - (high >> 1) > _FAR:
        quotient = np.int64(-2 * _FAR)
    else:
        quotient = high - best_high + (rest >> WEIGHT_BITS)
    rest &= ONE - 1
    if rest > _HALF or (rest == _HALF and quotient & 1):
        quotient += 1
    return quotient


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
                quotient = _rounded_difference(high[h], low[h], high[best], low[best])
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


@compiled
def add_rows(evidence: Codes, places: NDArray[np.int64], agents: NDArray[np.int64]) -> None:
    """Add rows of weight 1 to the records of their agents.

    Parameters
    ----------
    evidence : (N, H)
    places : (N,)
        The agent of each row.
    agents : (A, H + 1 or more)
        The sums of the finite codes, then in bit h that a code of hypothesis h was the log of zero,
        and from bit 16 on the number of rows. Asked for before its turn: many agents fit into no
        cache.
    """
    hypotheses = evidence.shape[1]
    rows = len(places)
    for row in range(rows):
        if row + _AHEAD < rows:
            fetch_row(agents, places[row + _AHEAD])
        place = places[row]
        impossible = np.int64(0)
        for h in range(hypotheses):
            code = np.int64(evidence[row, h])
            is_zero = code == _ZERO
            impossible |= np.int64(is_zero) << h
            agents[place, h] += 0 if is_zero else code
        agents[place, hypotheses] = (agents[place, hypotheses] + _ONE_ROW) | impossible


@compiled
def finish_each(
    agents: NDArray[np.int64],
    prior: Codes,
    tables: KernelTables,
    posterior: Codes,
    status: Words,
    places: NDArray[np.int64],
) -> int:
    """Write posterior and status of every agent that has rows, and its place; return how many.

    See `add_rows`; `posterior`, `status` and `places` have room for all agents.
    """
    hypotheses = len(prior)
    written = 0
    d = np.empty(hypotheses, np.int64)
    excluded = 0
    for h in range(hypotheses):
        excluded |= (prior[h] == _ZERO) << h
    for place in range(len(agents)):
        seen = agents[place, hypotheses]
        if seen < _ONE_ROW:
            continue
        impossible = seen | excluded
        best = np.int64(_FARTHEST)
        for h in range(hypotheses):
            d[h] = agents[place, h] + prior[h]
            if not impossible >> h & 1:
                best = max(best, d[h])
        clamped = 0
        high = np.uint64(0)
        low = np.uint64(0)
        for h in range(hypotheses):
            if impossible >> h & 1:
                d[h] = _ZERO
                continue
            d[h] = _rounded_difference(d[h], np.int64(0), best, np.int64(0))
            if d[h] < _MIN:
                d[h] = _MIN
                clamped += 1
            term = _cut_term(np.int32(d[h]), np.int64(0), tables.mantissas)
            high += term >> _WORD
            low += term & _LOW
        total = np.int64(0)
        if high:
            total = np.int64(_rounded(high + (low >> _WORD), low & _LOW, np.int64(0), tables))
        for h in range(hypotheses):
            value = d[h]
            if value != _ZERO:
                value -= total
                if value < _MIN:
                    value = np.int64(_MIN)
                    clamped += 1
            posterior[written, h] = value
        status[written] = (_CLAMPED if clamped else 0) | clamped << _CLAMPS
        if not high:
            status[written] = _IMPOSSIBLE
        places[written] = place
        written += 1
    return written
