"""The exact sums that posteriors are made of: rows go in, and out again, by one subtraction."""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from consilience.devices.device import Device
from consilience.numbers.arrays import Codes, CodesAndStatus, Offsets, Words
from consilience_hw.spec.flags import CLAMPS_SHIFT, ResultStatus
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.number_formats import ONE, WEIGHT_BITS

__all__ = ["LOW", "LOW_BITS", "ExactTotals", "whole_ulps_of"]

LOW_BITS = 32
LOW = (1 << LOW_BITS) - 1
_CLAMP = Q16_16.min_code


def whole_ulps_of(units: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return numbers in Q.32 as whole ulps, 2**-16 bit: rounded once, ties to even."""
    quotient, rest, half = units >> WEIGHT_BITS, units & (ONE - 1), ONE >> 1
    rounded: NDArray[np.int64] = quotient + (
        (rest > half) | ((rest == half) & ((quotient & 1) == 1))
    )
    return rounded


class ExactTotals(NamedTuple):
    """Of n agents and H hypotheses the sums of ``weight * code``, without the prior.

    A sum is ``high * 2**32 + low`` in Q.32 (unit 2**-32 bit), wide enough for 2**31 rows.

    Parameters
    ----------
    zeros : (n, H) int64
        Rows that say log of zero with a weight above 0; they are not in the sum.
    high : (n, H) int64
    low : (n, H) int64
        In 0 .. 2**32 - 1.
    """

    zeros: NDArray[np.int64]
    high: NDArray[np.int64]
    low: NDArray[np.int64]

    @classmethod
    def of_rows(cls, codes: Codes, weight: Words | None) -> Self:
        """Return each row as a total of its own: codes (n, H), weights (n,), None meaning 1."""
        wide = np.full(len(codes), ONE, np.int64) if weight is None else weight.astype(np.int64)
        zero = codes == Q16_16.log_of_zero
        product = np.where(zero, 0, codes).astype(np.int64) * wide[:, np.newaxis]
        zeros = (zero & (wide > 0)[:, np.newaxis]).astype(np.int64)
        return cls(zeros, product >> LOW_BITS, product & LOW)

    def by_agent(self, offsets: Offsets) -> Self:
        """Return the sums of rows between two offsets; every agent has at least one."""
        zeros, high, low = (np.add.reduceat(part, offsets[:-1], axis=0) for part in self)
        return type(self)(zeros, high + (low >> LOW_BITS), low & LOW)

    def joined(self, other: "ExactTotals") -> Self:
        """Return these totals, and after them those of `other`."""
        return type(self)(*map(np.concatenate, zip(self, other, strict=True)))

    def up_to(self) -> Self:
        """Return for each row the sum of it and all before it."""
        zeros, high, low = (np.cumsum(part, axis=0) for part in self)
        return type(self)(zeros, high + (low >> LOW_BITS), low & LOW)

    def without(self, other: "ExactTotals") -> Self:
        """Return what is left when `other`, which is in it, is taken out."""
        low = self.low - other.low
        return type(self)(
            self.zeros - other.zeros, self.high - other.high + (low >> LOW_BITS), low & LOW
        )

    def take(self, rows: NDArray[np.int64]) -> Self:
        """Return those of some rows."""
        return type(self)(*(part[rows] for part in self))

    def posteriors(self, prior: Codes, device: Device) -> CodesAndStatus:
        """Return posterior codes (n, H) and status (n,), those of `Device.posteriors`.

        Parameters
        ----------
        prior : (H,) int32
        device : Device
            Adds over the hypotheses.
        """
        zeros, high, low = self
        zero = (zeros > 0) | (prior == Q16_16.log_of_zero)
        shifted = prior.astype(np.int64) << WEIGHT_BITS
        low = low + (shifted & LOW)
        high = high + (shifted >> LOW_BITS) + (low >> LOW_BITS)
        low &= LOW
        lowest = np.iinfo(np.int64).min
        top = np.where(zero, lowest, high).max(axis=1, keepdims=True, initial=lowest)
        beside = np.where(~zero & (high == top), low, 0).max(axis=1, keepdims=True, initial=0)
        # Below -2**17 * 2**32 the difference is far beyond the lowest code, whatever its low part.
        down = np.where(zero, 0, np.maximum(high, top - (1 << 17)) - top)
        units = (down << LOW_BITS) + low - beside
        quotient = whole_ulps_of(units)
        d = np.where(zero, Q16_16.log_of_zero, np.maximum(quotient, _CLAMP)).astype(np.int32)
        posterior, status = device.posteriors(d, np.arange(len(d) + 1), np.zeros_like(prior), None)
        clamps = (~zero & (quotient < _CLAMP)).sum(axis=1).astype(np.uint32)
        status = (status + (clamps << CLAMPS_SHIFT)) | np.uint32(ResultStatus.CLAMPED) * (
            clamps > 0
        )
        return posterior, status
