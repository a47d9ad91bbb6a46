"""Ages to weights: applied when a result is read, never written into a state."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience.errors import BadInput
from consilience.kernels.read_kernels import LONGEST_AGE, weigh
from consilience.numbers.arrays import plain_array
from consilience.numbers.convert import as_codes
from consilience_hw.spec.exp2_table import mantissa_table
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.number_formats import WEIGHT_BITS

__all__ = ["LONGEST_AGE", "Discount"]


@dataclass(frozen=True)
class Discount:
    """How confidence falls with age. Weights are integers, 65536 = 1.

    ``q = floor((age - grace) * 2**16 / half_life)`` beyond the grace, 0 up to it; the weight is
    ``round_half_up(2**16 * 2**-q)`` with 2**-q as `Exp2` gives it, and 0 from `max_age_ms` on. The
    same bits as the gateware's `Discount`.

    Parameters
    ----------
    grace_ms : int
        A0: up to this age the weight is 1. 0 .. `LONGEST_AGE`.
    half_life_ms : int
        1 .. `LONGEST_AGE`.
    max_age_ms : int
        A_max: from this age on the weight is 0. 0 .. `LONGEST_AGE`.
    """

    grace_ms: int
    half_life_ms: int
    max_age_ms: int

    def __post_init__(self) -> None:
        for name, least in (("grace_ms", 0), ("half_life_ms", 1), ("max_age_ms", 0)):
            if not least <= getattr(self, name) <= LONGEST_AGE:
                raise BadInput(
                    f"{name} must be in {least} .. {LONGEST_AGE} ms, not {getattr(self, name)}"
                )

    @property
    def policy(self) -> tuple[int, int, int]:
        """(grace_ms, half_life_ms, max_age_ms)."""
        return self.grace_ms, self.half_life_ms, self.max_age_ms

    def decay(self, age_ms: ArrayLike) -> NDArray[np.int64]:
        """Return q for ages of any shape, in ulp (2**-16 bit): what is taken from a code.

        Without regard to `max_age_ms`.
        """
        excess = np.maximum(_ages(age_ms) - self.grace_ms, 0)
        decay: NDArray[np.int64] = (excess << WEIGHT_BITS) // self.half_life_ms
        return decay

    def weight(self, age_ms: ArrayLike) -> NDArray[np.uint32]:
        """Return the weights, 0 .. 65536, of ages of any shape."""
        ages = _ages(age_ms)
        weights = weigh(ages.reshape(-1), *self.policy, mantissa_table(Q16_16))
        return weights.reshape(ages.shape).astype(np.uint32)

    def mixed(self, codes: ArrayLike, age_ms: ArrayLike) -> NDArray[np.int32]:
        """Return codes as members of a mixture (a log sum) after their ages: less q.

        From `max_age_ms` on, the log of zero; a log of zero stays. Below the smallest finite code
        they stay there. Shapes as NumPy broadcasts them.
        """
        before = as_codes(codes).astype(np.int64)
        after = np.maximum(before - self.decay(age_ms), Q16_16.min_code)
        gone = (before == Q16_16.log_of_zero) | (_ages(age_ms) >= self.max_age_ms)
        return np.where(gone, Q16_16.log_of_zero, after).astype(np.int32)


def _ages(age_ms: ArrayLike) -> NDArray[np.int64]:
    """Return ages as integers up to `LONGEST_AGE`; BadInput for what is no age."""
    ages = plain_array(age_ms, "age_ms")
    if ages.dtype.kind not in "iu" and ages.size:
        raise BadInput(f"ages are integers in ms, of at most 64 bits, not {ages.dtype}")
    if ages.size and ages.min() < 0:
        raise BadInput(f"an age of {ages.min()} ms; ages are upper bounds, never negative")
    return np.minimum(ages.astype(np.uint64), LONGEST_AGE).astype(np.int64)
