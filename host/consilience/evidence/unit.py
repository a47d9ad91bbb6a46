"""The unit of the logarithms in a file, and their codes."""

from enum import StrEnum

import numpy as np
from consilience_hw.log_format import Q16_16
from numpy.typing import NDArray

from consilience.convert import quantise

__all__ = ["Unit", "quantise_in"]


class Unit(StrEnum):
    """Unit of the log-likelihoods in a file."""

    NATS = "nats"
    """Natural logarithms."""
    BITS = "bits"
    """Logarithms to base 2."""


def quantise_in(unit: Unit, values: NDArray[np.float64]) -> tuple[NDArray[np.int32], int]:
    """Return the codes (int32, Q16.16, log2) of logarithms and how many of them saturated.

    Nats follow `convert.quantise`. Bits are ``rint(x * 2**16)``, the same rule without its first
    product: going by way of nats would round twice, and miss ties.

    Parameters
    ----------
    unit : Unit
        Unit of `values`.
    values : ndarray of float64
        Logarithms, any shape, without NaN or positive infinity; -inf is the log of zero.
    """
    if unit is Unit.NATS:
        codes, saturated = quantise(values)
        return codes, int(saturated)
    limit = float(Q16_16.max_code)
    with np.errstate(over="ignore"):
        scaled = np.rint(values * Q16_16.fractions)
    zero = np.isneginf(values)
    beyond = int(((np.abs(scaled) > limit) & ~zero).sum())
    whole = np.clip(scaled, -limit, limit).astype(np.int32)
    return np.where(zero, np.int32(Q16_16.log_of_zero), whole), beyond
