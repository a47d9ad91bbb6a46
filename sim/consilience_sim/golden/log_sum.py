"""log2 of the sum of 2**code over a multiset, exactly rounded."""

from bisect import bisect_right
from collections.abc import Collection, Iterable

import numpy as np
from numpy.typing import NDArray

from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16, LogFormat
from consilience_sim.golden.borders import fractions_of, is_near_border, log2_rounded
from consilience_sim.golden.mantissas import mantissas

__all__ = ["codes_for_sum", "cut_term", "finish", "hard_to_round", "log_sum", "log_sums"]


def cut_term(code: int, top: int, fmt: LogFormat) -> int:
    """Return a finite code's term in units of ``2**(B * (top - D))``, cut to an integer."""
    position = code >> fmt.fraction_bits
    mantissa = int(mantissas(fmt)[code & fmt.fractions - 1])
    shift = position - fmt.mantissa_bits - fmt.bin_width * (top - fmt.window_bins)
    return mantissa << shift if shift >= 0 else mantissa >> -shift


def finish(total: int, top: int, fmt: LogFormat) -> tuple[int, int]:
    """Return (code, status) of a positive exact sum in units of ``2**(B * (top - D))``."""
    unit = fmt.bin_width * (top - fmt.window_bins) << fmt.fraction_bits
    code = log2_rounded(total, fmt) + unit
    if code > fmt.max_code:
        return fmt.max_code, int(ResultStatus.SATURATED)
    return code, 0


def log_sum(codes: Iterable[int], fmt: LogFormat = Q16_16) -> tuple[int, int]:
    """Return (code, `ResultStatus` flags) of the log sum: the contract, word for word."""
    finite = [int(code) for code in codes if code != fmt.log_of_zero]
    if len(finite) > fmt.capacity:
        return fmt.max_code, int(ResultStatus.OVER_CAPACITY)
    return finish(*_cut_sum(finite, fmt), fmt) if finite else (fmt.log_of_zero, 0)


def _cut_sum(finite: Collection[int], fmt: LogFormat) -> tuple[int, int]:
    """Return the exact sum of the cut terms of finite codes, and their top."""
    top = (max(finite) >> fmt.fraction_bits) // fmt.bin_width
    return sum(cut_term(code, top, fmt) for code in finite), top


def hard_to_round(codes: Iterable[int], fmt: LogFormat = Q16_16) -> bool:
    """Return whether a unit may mark the log sum HARD_TO_ROUND, and give its neighbour."""
    finite = [int(code) for code in codes if code != fmt.log_of_zero]
    return bool(finite) and is_near_border(_cut_sum(finite, fmt)[0], fmt)


def log_sums(
    codes: NDArray[np.int32], offsets: NDArray[np.int64], fmt: LogFormat = Q16_16
) -> tuple[NDArray[np.int32], NDArray[np.uint32]]:
    """Return `log_sum` of every segment ``codes[offsets[k]:offsets[k + 1]]``.

    Only for formats with B = 8 and D = 7, whose cut terms fit 64 bits.

    Parameters
    ----------
    codes : int32 array, shape (n,)
    offsets : int64 array, shape (segments + 1,)
        From 0 to n, never decreasing.

    Returns
    -------
    (int32 array, uint32 array), shape (segments,)
        Codes and `ResultStatus` flags.
    """
    if (fmt.bin_width, fmt.window_bins) != (8, 7):
        raise ValueError(f"log_sums is for B = 8 and D = 7, not {fmt.bin_width}, {fmt.window_bins}")
    codes = np.asarray(codes, dtype=np.int64)
    offsets = np.asarray(offsets, dtype=np.int64)
    result = np.full(len(offsets) - 1, fmt.log_of_zero, dtype=np.int64)
    status = np.zeros(len(result), dtype=np.uint32)
    finite = codes != fmt.log_of_zero
    # Segments without a finite code keep the log of zero; the others are renumbered densely.
    segment = np.repeat(np.arange(len(result)), np.diff(offsets))[finite]
    if not len(segment):
        return result.astype(np.int32), status
    codes = codes[finite]
    starts = np.flatnonzero(np.diff(segment, prepend=-1))
    present = segment[starts]
    sizes = np.diff(starts, append=len(codes))

    position = codes >> fmt.fraction_bits
    top = np.maximum.reduceat(position, starts) >> 3
    mantissa = mantissas(fmt)[codes & fmt.fractions - 1].astype(np.uint64)
    # Shift of a term's last bit above the window's lowest bit: at most 63 - P.
    shift = position - fmt.mantissa_bits - 8 * (np.repeat(top, sizes) - 7)
    left = np.clip(shift, 0, 63).astype(np.uint64)
    right = np.clip(-shift, 0, 63).astype(np.uint64)
    term = (mantissa << left) >> right

    # Sums of 2**32 halves stay below 2**64.
    low = np.add.reduceat(term & np.uint64(0xFFFFFFFF), starts)
    high = np.add.reduceat(term >> np.uint64(32), starts) + (low >> np.uint64(32))
    low &= np.uint64(0xFFFFFFFF)
    # The sum has 57 to 96 bits: normalise (high, low) to 128.
    exponent = np.full(len(high), 95, dtype=np.int64)
    for step in (32, 16, 8, 4, 2, 1):
        small = high < np.uint64(1 << 64 - step)
        bits = np.uint64(step)
        carried = low >> np.uint64(32) - bits
        high = np.where(small, high << bits | carried, high)
        low = np.where(small, low << bits & np.uint64(0xFFFFFFFF), low)
        exponent -= step * small
    code = exponent << fmt.fraction_bits
    code += fractions_of(high, low << np.uint64(32), fmt.fraction_bits)
    code += 8 * (top - 7) << fmt.fraction_bits
    status[present[code > fmt.max_code]] = ResultStatus.SATURATED
    result[present] = np.minimum(code, fmt.max_code)
    return result.astype(np.int32), status


def codes_for_sum(total: int, top: int, fmt: LogFormat = Q16_16) -> list[int]:
    """Return codes whose exact sum is `total` units of ``2**(B * (top - D))``.

    For tests that aim at one state. `total` is at least 2**(B * D) and the codes stay within the
    top bin, so it is at most some thousand times 2**(B * (D + 1)). Greedy: the largest code whose
    cut term still fits, then the next; the lowest codes contribute single units.
    """
    lowest = fmt.bin_width * (top - fmt.window_bins) << fmt.fraction_bits
    if total < 1 << fmt.bin_width * fmt.window_bins:
        raise ValueError(f"total must be at least 2**{fmt.bin_width * fmt.window_bins}")
    in_bins = range(lowest, fmt.bin_width * (top + 1) << fmt.fraction_bits)
    codes = []
    left = total
    while left:
        fitting = bisect_right(in_bins, left, key=lambda code: cut_term(code, top, fmt))
        codes.append(in_bins[fitting - 1])
        left -= cut_term(codes[-1], top, fmt)
    return codes
