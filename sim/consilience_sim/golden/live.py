"""A live state: a multiset of codes from which some are taken out again."""

from bisect import bisect_left, insort
from collections.abc import Iterable
from typing import NamedTuple

from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16, LogFormat
from consilience_sim.golden.log_sum import finish
from consilience_sim.golden.mantissas import mantissas

__all__ = ["LiveModel", "LiveReading"]


class LiveReading(NamedTuple):
    """What a reading gives: code, `ResultStatus` flags, finite codes and logs of zero in it."""

    code: int
    status: int
    finite: int
    zeros: int


class LiveModel:
    """All bins of an exact log sum, changed by one code at a time and read at any time.

    Bins are bytes of the absolute number: bin j holds the sum of digit j, base 2**B, of all terms.
    A list of the bins in which some term's position lies, in order, gives the top.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    capacity : int
        Most finite codes, and most logs of zero; one more is a sticky OVER_CAPACITY.
    """

    def __init__(self, fmt: LogFormat = Q16_16, capacity: int = 1 << 32) -> None:
        self.fmt = fmt
        self.capacity = capacity
        self._mantissas = mantissas(fmt).tolist()
        self.clear()

    def clear(self) -> None:
        """Take everything out, faults too."""
        self._sums: dict[int, int] = {}
        self._terms: dict[int, int] = {}
        self._occupied: list[int] = []
        self._count = self._zeros = 0
        self._damaged = self._over = False

    def add(self, code: int) -> None:
        """Add one code."""
        self._change(code, 1)

    def remove(self, code: int) -> None:
        """Take out one code; every reading then reports a state that no multiset has."""
        self._change(code, -1)

    def extend(self, codes: Iterable[int]) -> None:
        """Add many codes."""
        for code in codes:
            self._change(code, 1)

    def read(self) -> LiveReading:
        """Return the log sum; with a fault, only the fault."""
        fmt = self.fmt
        if self._damaged or self._over:
            status = ResultStatus.DAMAGED * self._damaged | ResultStatus.OVER_CAPACITY * self._over
            return LiveReading(0, int(status), self._count, self._zeros)
        if not self._occupied:
            return LiveReading(fmt.log_of_zero, 0, self._count, self._zeros)
        top = self._occupied[-1]
        total = 0
        for number in range(top, top - fmt.window_bins - 1, -1):
            shift = fmt.bin_width * (number - top + fmt.window_bins)
            total += self._sums.get(number, 0) << shift
        return LiveReading(*finish(total, top, fmt), self._count, self._zeros)

    def _change(self, code: int, sign: int) -> None:
        fmt = self.fmt
        if code == fmt.log_of_zero:
            self._zeros += sign
            self._damaged |= self._zeros < 0
            self._over |= self._zeros > self.capacity
            return
        self._count += sign
        self._over |= self._count > self.capacity
        bottom = (code >> fmt.fraction_bits) - fmt.mantissa_bits  # of the mantissa's last bit
        number, shift = divmod(bottom, fmt.bin_width)
        digits = self._mantissas[code & fmt.fractions - 1] << shift
        own = (code >> fmt.fraction_bits) // fmt.bin_width
        before = self._terms.get(own, 0)
        self._terms[own] = before + sign
        if before == 0 and sign > 0:
            insort(self._occupied, own)
        elif before == 1 and sign < 0:
            del self._occupied[bisect_left(self._occupied, own)]
        base = 1 << fmt.bin_width
        while number <= own:
            self._sums[number] = self._sums.get(number, 0) + sign * (digits % base)
            self._damaged |= not self._possible(number)
            digits //= base
            number += 1
        self._damaged |= before + sign < 0

    def _possible(self, number: int) -> bool:
        """Return whether some terms could leave this bin: each of its own gives it 1 to the
        largest digit, each that reaches down to it 0 to the largest.
        """
        own = self._terms.get(number, 0)
        reaching = sum(self._terms.get(number + above, 0) for above in range(self.fmt.parts))
        largest = (1 << self.fmt.bin_width) - 1
        return 0 <= own <= self._sums[number] <= largest * reaching
