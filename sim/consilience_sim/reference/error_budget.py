"""The error budget of a log sum and of a posterior, in exact rational bounds.

Every number of docs/numerics.md comes from here; the derivation stands there. Bounds are fractions
above the true values, so that nothing is lost to rounding on the way.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from consilience_hw.spec.log_format import Q16_16, LogFormat

__all__ = ["CONTRACT", "ErrorBudget"]

CONTRACT = Fraction(55, 100)
"""What design allows, in ulp."""

_TERMS = 80
"""Terms of the series of ln 2; the rest is below 2**-80."""


def _ln_2_below() -> Fraction:
    """Return a fraction below ln 2, by less than 2**-80: the sum of 1 / (k 2**k)."""
    return sum((Fraction(1, k << k) for k in range(1, _TERMS)), Fraction(0))


@dataclass(frozen=True)
class ErrorBudget:
    """Bounds in ulp (units of a code) for up to `terms` codes.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    terms : int
        Finite codes in the sum, 1 .. 2**32.
    """

    fmt: LogFormat = Q16_16
    terms: int = Q16_16.capacity

    @cached_property
    def log2_e(self) -> Fraction:
        """Above log2(e)."""
        return 1 / _ln_2_below()

    @cached_property
    def ulp_per_relative(self) -> Fraction:
        """Ulp of the logarithm per relative error of the sum, to first order."""
        return self.log2_e * self.fmt.fractions

    @cached_property
    def mantissa_relative(self) -> Fraction:
        """Relative error of a term: half a unit in at least ``2**P``."""
        return Fraction(1, 2 << self.fmt.mantissa_bits)

    @cached_property
    def cut_relative(self) -> Fraction:
        """Relative loss by the cut: `terms` times ``2**(B (top - D))`` in ``2**(B top)``."""
        return Fraction(self.terms, 1 << self.fmt.bin_width * self.fmt.window_bins)

    @cached_property
    def mantissas(self) -> Fraction:
        """Part of the rounded mantissas: ``-ln(1 - x) <= x / (1 - x)``."""
        x = self.mantissa_relative
        return x / (1 - x) * self.ulp_per_relative

    @cached_property
    def cut(self) -> Fraction:
        """Part of the cut."""
        x = self.cut_relative
        return x / (1 - x) * self.ulp_per_relative

    @cached_property
    def rounding(self) -> Fraction:
        """Part of the final rounding, which is to the nearest code."""
        return Fraction(1, 2)

    @cached_property
    def log_sum(self) -> Fraction:
        """Error of a log sum, against the true one of the given codes."""
        return self.mantissas + self.cut + self.rounding

    @cached_property
    def posterior(self) -> Fraction:
        """Error of a posterior without clamps, against the exact one of the given codes.

        Its own difference is rounded once, and so are those in the log sum, which moves by no more
        than the largest of its arguments' errors.
        """
        return self.rounding + self.rounding + ErrorBudget(self.fmt, 16).log_sum

    @cached_property
    def conversion(self) -> Fraction:
        """Error of `to_codes` in ulp: constant and product in binary64, and one rounding."""
        relative = Fraction(1, 1 << 53) * 2 + Fraction(1, 1 << 106)
        return self.rounding + relative * (self.fmt.max_code + 1)

    @cached_property
    def logsumexp_nats(self) -> Fraction:
        """Error of `logsumexp` in nats, with its conversions (from_codes: 2**-50 relative)."""
        ln_2_above = _ln_2_below() + Fraction(1, 1 << _TERMS)
        ulp = ln_2_above / self.fmt.fractions
        back = Fraction(1, 1 << 50) * (self.fmt.max_code + 1)
        return (self.conversion + self.log_sum + back) * ulp
