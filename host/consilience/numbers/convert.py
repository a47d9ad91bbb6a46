"""Natural logarithms in floating point to codes and back: the only floats of the contract."""

from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience.errors import BadInput
from consilience.kernels.quantising import LARGEST, LOG2_E, ONE, nats_each, quantise_each
from consilience.numbers.arrays import Codes, plain_array
from consilience.numbers.directed import whole_ulps
from consilience_hw.spec.log_format import Q16_16

__all__ = [
    "Quantised",
    "as_codes",
    "binary64",
    "from_codes",
    "quantise",
    "quantise_scaled",
    "saturates",
    "to_codes",
]

_ZERO = Q16_16.log_of_zero


class Quantised(NamedTuple):
    """Codes (int32, Q16.16, log2) and how many finite values were beyond the largest code."""

    codes: Codes
    saturated: int


def quantise(nats: ArrayLike, rounding: str = "nearest") -> Quantised:
    """Return the codes of natural logarithms and the number of values that saturated.

    ``code = rint((x * log2(e)) * 65536)`` in binary64, ties to even: within 0.5 ulp of the exact
    value, 1 ulp = 2**-16 bit = 1.06e-5 nats, plus 2**-52 relative. Integers and float32 are
    converted to binary64 first. -inf gives the log of zero, -2**31. Finite values beyond
    +-(2**31 - 1) (+-22,713 nats) become that code and are counted.

    Directed rounding is exact: "down" gives the greatest code not above ``x * log2(e) * 65536``, so
    the log of zero below the smallest code; "up" the least code not below it. What is for a bound
    is rounded towards its safe side.

    Parameters
    ----------
    nats : array_like of real numbers, any shape
    rounding : str
        "nearest", "down" or "up".

    Raises
    ------
    BadInput
        NaN, +inf, not real numbers, another rounding; with "up", a value above the largest code.
    """
    if rounding == "nearest":
        return quantise_scaled(nats, LOG2_E)
    if rounding not in ("down", "up"):
        raise BadInput(f"rounding {rounding!r} is none of nearest, down, up")
    values = _real_numbers(nats)
    rounded = binary64(values)
    if not (rounded < np.inf).all():
        _refuse(rounded)
    whole = whole_ulps(np.ravel(values), np.ravel(rounded), rounding == "up")
    return _directed(whole.reshape(values.shape), np.isneginf(rounded), rounding)


def _directed(whole: NDArray[np.int64], is_zero: NDArray[np.bool_], rounding: str) -> Quantised:
    """Return whole numbers of ulp as codes: what is too low is the log of zero, or the lowest."""
    low, high = (whole < Q16_16.min_code) & ~is_zero, whole > Q16_16.max_code
    if rounding == "up" and high.any():
        raise BadInput(
            f"{_first(high)}: no code is above it, so it cannot be rounded up; codes end at 22,713 "
            "nats"
        )
    codes = np.clip(whole, Q16_16.min_code, Q16_16.max_code)
    codes = np.where(is_zero | (low & (rounding == "down")), _ZERO, codes)
    return Quantised(codes.astype(np.int32), int(np.count_nonzero(low | (high & ~is_zero))))


def quantise_scaled(logarithms: ArrayLike, bits_per_unit: float) -> Quantised:
    """Return `quantise` of logarithms in a unit of `bits_per_unit` bits: 1.0 for log2 itself."""
    values = binary64(_real_numbers(logarithms))
    flat = np.ascontiguousarray(values).reshape(-1)
    codes = np.empty(len(flat), np.int32)
    saturated, refused = quantise_each(flat, bits_per_unit, codes)
    if refused:
        _refuse(values)
    return Quantised(codes.reshape(values.shape), int(saturated))


def _real_numbers(logarithms: ArrayLike) -> NDArray[Any]:
    values = plain_array(logarithms, "log-likelihoods")
    if values.dtype.kind not in "fiub":
        raise BadInput(f"log-likelihoods must be real numbers, not {values.dtype}")
    return values


def binary64(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return real numbers as binary64; a finite longdouble beyond it is large, not infinite."""
    if values.dtype == np.longdouble:
        largest = np.finfo(np.float64).max
        values = np.where(np.isfinite(values), np.clip(values, -largest, largest), values)
    return values.astype(np.float64, copy=False)


def saturates(nats: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which finite natural logarithms are beyond the codes: those that `quantise` counts."""
    with np.errstate(over="ignore"):
        return np.isfinite(nats) & (np.abs(np.rint((nats * LOG2_E) * ONE)) > LARGEST)


def _refuse(values: NDArray[np.float64]) -> NoReturn:
    """Raise BadInput at the first NaN or, without one, at the first +inf."""
    nan = np.isnan(values)
    if nan.any():
        raise BadInput(f"NaN at {_first(nan)}; give a number, or -inf for impossible")
    infinite = np.isposinf(values)
    raise BadInput(f"positive infinity at {_first(infinite)}; give a finite logarithm")


def to_codes(nats: ArrayLike, rounding: str = "nearest") -> Codes:
    """Return `quantise` without the count: int32 codes of the same shape."""
    return quantise(nats, rounding).codes


def from_codes(codes: ArrayLike) -> NDArray[np.float64]:
    """Return codes as natural logarithms: ``(c * 2**-16) * ln(2)`` in binary64, same shape.

    The log of zero gives -inf. BadInput if `codes` are not integers of 32 bits.
    """
    whole = as_codes(codes)
    nats = np.empty(whole.shape)
    nats_each(np.ascontiguousarray(whole).reshape(-1), nats.reshape(-1))
    return nats


def as_codes(codes: ArrayLike, name: str = "codes") -> Codes:
    """Return integers as int32; BadInput if they are none or do not fit."""
    values = plain_array(codes, name)
    if values.dtype == np.int32:
        return values
    if values.dtype.kind not in "iu":
        if values.size:
            raise BadInput(
                f"{name} must be integers (int32, Q16.16), not {values.dtype}; to_codes() makes "
                "them from natural logarithms"
            )
        return values.astype(np.int32)
    outside = (values < Q16_16.log_of_zero) | (values > Q16_16.max_code)
    if outside.any():
        raise BadInput(f"{name} at {_first(outside)}: {values[outside][0]} is wider than 32 bits")
    return values.astype(np.int32)


def _first(mask: NDArray[np.bool_]) -> str:
    """Return the place of the first true element, for a message."""
    if not mask.ndim:
        return "the only value"
    place = tuple(int(axis[0]) for axis in np.nonzero(mask))
    return f"index {place[0] if len(place) == 1 else place}"
