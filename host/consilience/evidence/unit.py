"""The unit of the logarithms in a file, and their codes."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from consilience.numbers.convert import Quantised, quantise, quantise_scaled

__all__ = ["Unit", "quantise_in"]


class Unit(StrEnum):
    """Unit of the log-likelihoods in a file."""

    NATS = "nats"
    """Natural logarithms."""
    BITS = "bits"
    """Logarithms to base 2."""


def quantise_in(unit: Unit, values: NDArray[np.float64]) -> Quantised:
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
    return quantise(values) if unit is Unit.NATS else quantise_scaled(values, 1.0)
