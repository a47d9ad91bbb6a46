"""Exact sums of terms in bins on the absolute grid, the common ground of all states."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from consilience.errors import ImpossibleState
from consilience.exact.rounding import sum_to_code
from consilience.kernels.bin_kernels import MOST, add_to_bins, finite_range
from consilience.numbers.arrays import Codes
from consilience_hw.spec.exp2_table import mantissa_table
from consilience_hw.spec.log_format import Q16_16, LogFormat

__all__ = ["Bins"]


_Sums = NDArray[np.uint64]

_CHUNK = 1 << 16
"""Codes taken at a time: bounds the memory of an addition."""
_FIRST = 1 << 15
"""Codes that are read twice, to see in which bins the others may lie."""


@cache
def _largest_digits(fmt: LogFormat) -> tuple[int, ...]:
    """Return the parts of the largest term whose position is in one bin, lowest first."""
    raised = fmt.bin_width * fmt.parts - 1 - fmt.mantissa_bits
    term = int(mantissa_table(fmt)[-1]) << raised
    return tuple(
        term >> fmt.bin_width * part & (1 << fmt.bin_width) - 1 for part in range(fmt.parts)
    )


def _bins_between(lowest: np.int32, highest: np.int32) -> tuple[int, int]:
    """Return the bins that two codes of Q16.16 have their positions in."""
    shift = Q16_16.fraction_bits + Q16_16.bin_width.bit_length() - 1
    return int(lowest) >> shift, int(highest) >> shift


def _likely_bins(codes: Codes) -> tuple[int, int]:
    """Return the lowest and the highest bin of the codes of Q16.16, judged by the first of many.

    Without a finite code the lowest is the higher.
    """
    lowest, highest = finite_range(codes[:_FIRST])
    if lowest <= highest and len(codes) > _FIRST:
        first, last = _bins_between(lowest, highest)
        more = (last - first) // 2 + 2
        return max(first - more, Q16_16.min_top), min(last + more, Q16_16.max_top)
    if lowest > highest:
        lowest, highest = finite_range(codes[_FIRST:])
    return (1, 0) if lowest > highest else _bins_between(lowest, highest)


@dataclass(frozen=True, eq=False)
class Bins:
    """Sums without carries of the bins ``first .. first + len(sums) - 1``; all others are empty.

    A term of position q = e // B adds its B-bit parts to bins ``q - parts + 1 .. q``. A value never
    changes: operations return new ones, so a refused one leaves nothing half done.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    first : int
        Number of the lowest bin held.
    sums : uint64 array
        Sum of the parts in each bin.
    terms : uint64 array, as long as `sums`
        Terms whose position lies in each bin.
    """

    fmt: LogFormat
    first: int
    sums: _Sums
    terms: _Sums

    @classmethod
    def empty(cls, fmt: LogFormat) -> "Bins":
        """Return bins without a term."""
        return cls(fmt, 0, np.zeros(0, np.uint64), np.zeros(0, np.uint64))

    @classmethod
    def of(cls, codes: Codes, fmt: LogFormat) -> "Bins":
        """Return the bins of finite codes, shape (n,), of any format."""
        if not len(codes):
            return cls.empty(fmt)
        log_width = fmt.bin_width.bit_length() - 1
        first = (int(codes.min()) >> fmt.fraction_bits + log_width) - fmt.parts + 1
        last = int(codes.max()) >> fmt.fraction_bits + log_width
        sums = np.zeros(last - first + 1, np.uint64)
        terms = np.zeros(last - first + 1, np.uint64)
        mantissas = mantissa_table(fmt)
        # Places the mantissa's last bit within the lowest of the term's bins.
        raised = fmt.bin_width * (fmt.parts - 1) - fmt.mantissa_bits
        mask = np.uint64((1 << fmt.bin_width) - 1)
        for start in range(0, len(codes), _CHUNK):
            part = codes[start : start + _CHUNK]
            position = part >> np.int32(fmt.fraction_bits)
            shift = (position & np.int32(fmt.bin_width - 1)) + np.int32(raised)
            term = mantissas[part & np.int32(fmt.fractions - 1)].astype(np.uint64)
            term <<= shift.astype(np.uint64)
            highest = (position >> np.int32(log_width)) - np.int32(first)
            terms += np.bincount(highest, minlength=len(terms)).astype(np.uint64)
            for below in range(fmt.parts - 1, -1, -1):
                np.add.at(sums, highest - below, term & mask)
                if below:
                    term >>= np.uint64(fmt.bin_width)
        return cls(fmt, first, sums, terms)

    @classmethod
    def of_q16_16(cls, codes: Codes) -> "Bins":
        """Return the bins of the finite ones among codes of Q16.16, shape (n,): in compiled loops.

        Logs of zero are left out: the codes that `count` lacks.
        """
        first, last = _likely_bins(codes)
        if first > last:
            return cls.empty(Q16_16)
        sums = np.zeros(last - first + Q16_16.parts, np.uint64)
        terms = np.zeros_like(sums)
        done = 0
        while done < len(codes):
            part = codes[done : done + MOST]
            added = add_to_bins(part, first, sums, terms)
            done += added
            if added < len(part):
                lower, higher = _bins_between(*finite_range(codes[done:]))
                around = max(first - lower, 0), max(higher - last, 0)
                first, last = first - around[0], last + around[1]
                sums, terms = np.pad(sums, around), np.pad(terms, around)
        used = np.flatnonzero(terms)
        span = slice(int(used[0]) - Q16_16.parts + 1, int(used[-1]) + 1)
        return cls(Q16_16, first - Q16_16.parts + 1 + span.start, sums[span], terms[span])

    @property
    def count(self) -> int:
        """Terms in all bins."""
        return int(self.terms.sum())

    @property
    def top(self) -> int | None:
        """The highest bin that holds a position; None without a term."""
        present = np.flatnonzero(self.terms)
        return self.first + int(present[-1]) if len(present) else None

    def __add__(self, other: "Bins") -> "Bins":
        first, mine, theirs = self._aligned(other)
        return self._trimmed(first, mine.sums + theirs.sums, mine.terms + theirs.terms)

    def __sub__(self, other: "Bins") -> "Bins":
        """Return what is left; ImpossibleState if that is less than nothing. See `check`, too."""
        first, mine, theirs = self._aligned(other)
        if (theirs.sums > mine.sums).any() or (theirs.terms > mine.terms).any():
            raise ImpossibleState(
                "codes to be removed are not in this state; remove only what was added"
            )
        return self._trimmed(first, mine.sums - theirs.sums, mine.terms - theirs.terms)

    def above(self, lowest: int) -> "Bins":
        """Return the bins from `lowest` on: the cut of every term, for nothing was carried."""
        start = min(max(lowest - self.first, 0), len(self.sums))
        return self._trimmed(self.first + start, self.sums[start:], self.terms[start:])

    def code(self) -> int:
        """Return the log sum: log2 of the exact sum of the cut terms, rounded once.

        May be above the largest code. Without a term: the log of zero.
        """
        top = self.top
        if top is None:
            return self.fmt.log_of_zero
        window = self.above(top - self.fmt.window_bins)
        total = 0
        for number, value in enumerate(window.sums.tolist(), start=window.first):
            total += value << self.fmt.bin_width * (number - top + self.fmt.window_bins)
        return sum_to_code(total, top, self.fmt)

    def check(self, *, windowed: bool) -> None:
        """Raise ImpossibleState if no multiset with these counts of terms has these bins.

        `windowed`: bins below the window of the top may be missing.

        A term adds 1 to 2**B - 1 to the bin of its position and 0 to 2**B - 1 to each of the
        `parts` - 1 bins below; and all terms together lie between the lowest and the highest that
        their positions allow. Bins that keep these bounds may still be of no multiset.
        """
        parts, highest = self.fmt.parts, np.uint64((1 << self.fmt.bin_width) - 1)
        before = np.concatenate([np.zeros(1, np.uint64), np.cumsum(self.terms)])
        ends = np.minimum(np.arange(len(self.terms)) + parts, len(self.terms))
        reaching = before[ends] - before[:-1]
        # Divided, not multiplied: with B = 32 the product needs more than 64 bits.
        needed = self.sums // highest + (self.sums % highest != 0).astype(np.uint64)
        impossible = (self.sums < self.terms) | (needed > reaching)
        if impossible.any():
            place = int(impossible.argmax())
            raise ImpossibleState(
                f"bin {self.first + place} holds {self.sums[place]}, which {reaching[place]} terms "
                "cannot have; the state is damaged, or codes were removed that it never held"
            )
        if self._over_the_most() or self._under_the_least(windowed=windowed):
            raise ImpossibleState(
                "the bins hold a sum that as many terms at their positions cannot have; the state "
                "is damaged, or codes were removed that it never held"
            )

    def _over_the_most(self) -> bool:
        """Return whether the sum is above the most that the terms at their positions can have."""
        terms = self._wide(self.terms)
        most = np.zeros_like(terms)
        for above, digit in enumerate(reversed(_largest_digits(self.fmt))):
            reach = max(len(terms) - above, 0)
            most[:reach] += terms[above : above + reach] * digit
        return self._sign(self._wide(self.sums) - most) > 0

    def _under_the_least(self, *, windowed: bool) -> bool:
        """Return whether the sum is below the least that the terms at their positions can have.

        A smallest term is its leading bit, of which `check` knows. But in the lowest bin it is that
        of the lowest code: the one below it is the log of zero. A window that cuts this term's last
        part cannot tell.
        """
        fmt, top = self.fmt, self.top
        last_part = fmt.min_top - fmt.parts + 1
        if top is None or (windowed and top - fmt.window_bins > last_part):
            return False
        whole = self._widened(min(last_part, self.first), self.first + len(self.sums))
        least = self._wide(whole.terms)
        lowest = int(mantissa_table(fmt)[1]) << fmt.bin_width * (fmt.parts - 1) - fmt.mantissa_bits
        of_lowest = least[fmt.parts - 1]
        for part in range(fmt.parts):
            least[part] = of_lowest * (lowest >> fmt.bin_width * part & (1 << fmt.bin_width) - 1)
        return of_lowest > 0 and self._sign(self._wide(whole.sums) - least) < 0

    def _wide(self, values: _Sums) -> NDArray[Any]:
        """Return values as signed numbers that products with a part of a bin fit into."""
        return values.astype(np.int64 if self.fmt.bin_width <= 16 else object)

    def _sign(self, amounts: NDArray[Any]) -> int:
        """Return a number with the sign of the sum of ``amounts[j] * 2**(B j)``."""
        total = 0
        # From the top: once the total is out of reach of all bins below, it is decided.
        for amount in reversed(amounts.tolist()):
            total = (total << self.fmt.bin_width) + amount
            if abs(total) >> 2 * self.fmt.bin_width + self.fmt.cell_bits:
                break
        return total

    def _aligned(self, other: "Bins") -> tuple[int, "Bins", "Bins"]:
        """Return the lower first bin, and both widened to the same bins."""
        if not len(self.sums) or not len(other.sums):
            first = self.first if len(self.sums) else other.first
            last = first + max(len(self.sums), len(other.sums))
        else:
            first = min(self.first, other.first)
            last = max(self.first + len(self.sums), other.first + len(other.sums))
        return first, self._widened(first, last), other._widened(first, last)

    def _widened(self, first: int, last: int) -> "Bins":
        if not len(self.sums):
            zeros = np.zeros(last - first, np.uint64)
            return Bins(self.fmt, first, zeros, zeros)
        around = (self.first - first, last - self.first - len(self.sums))
        return Bins(self.fmt, first, np.pad(self.sums, around), np.pad(self.terms, around))

    def _trimmed(self, first: int, sums: NDArray[np.uint64], terms: NDArray[np.uint64]) -> "Bins":
        """Return bins of this format, without the empty ones at either end."""
        used = np.flatnonzero((sums != 0) | (terms != 0))
        if not len(used):
            return Bins.empty(self.fmt)
        span = slice(int(used[0]), int(used[-1]) + 1)
        return Bins(self.fmt, first + span.start, sums[span], terms[span])
