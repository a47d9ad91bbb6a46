"""Log sums of floats in any shape, given one that does them of rows."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple
from numpy.typing import ArrayLike, NDArray

from consilience.errors import BadInput, OutOfRange
from consilience.kernels.float_kernels import ABOVE, BELOW, INFINITE, NOT_A_NUMBER, SATURATED
from consilience.numbers.arrays import Codes, CodesAndStatus, plain_array
from consilience.numbers.convert import binary64, from_codes, quantise, saturates
from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16

__all__ = ["RowSums", "Sums", "log_sum_exp_over", "row_sums_by"]

Sums = Callable[[Codes, NDArray[np.int64]], CodesAndStatus]
"""(codes, offsets) -> (code, status) of each segment, as `Device.sums`."""

RowSums = Callable[[NDArray[Any]], CodesAndStatus]
"""Rows of float32 or float64, in any order in memory -> code and `float_kernels` flags of each."""

_BLOCK = 1 << 15
"""Values multiplied at a time."""

_NEGLIGIBLE = Q16_16.min_code + (64 << Q16_16.fraction_bits)
"""From this result on, 2**32 values below the lowest code are less than 2**-31 of the sum."""


def log_sum_exp_over(
    row_sums: RowSums,
    a: ArrayLike,
    axis: int | tuple[int, ...] | None,
    b: ArrayLike | None,
    keepdims: bool,
    return_sign: bool,
) -> Any:
    """Return `consilience.logsumexp` with the log sums of rows computed by `row_sums`."""
    given = _real(a, "a")
    kind = given.dtype if given.dtype in (np.float16, np.float32) else np.dtype(np.float64)
    # At least one dimension, as SciPy takes a single number.
    values = np.atleast_1d(given if given.dtype == np.float32 and b is None else binary64(given))
    if b is not None:
        kind = _result_kind(given, b)
        values = _times(values, b)
    axes = normalize_axis_tuple(range(values.ndim) if axis is None else axis, values.ndim)
    kept = [place for place in range(values.ndim) if place not in axes]
    shape = tuple(values.shape[place] for place in kept)
    slices = int(np.prod(shape, dtype=np.int64))
    length = int(np.prod([values.shape[place] for place in axes], dtype=np.int64))
    rows = values.transpose(*kept, *axes).reshape(slices, length)

    code, flags = row_sums(rows)
    answer = from_codes(code)
    sign = np.where(code == Q16_16.log_of_zero, 0.0, 1.0) if return_sign else answer
    if flags.any():
        nan = (flags & NOT_A_NUMBER) != 0
        infinite = ((flags & INFINITE) != 0) & ~nan
        _refuse_beyond(code, np.where(nan | infinite, 0, flags))
        answer[infinite], answer[nan] = np.inf, np.nan
        if return_sign:
            sign[infinite], sign[nan] = 1.0, np.nan
    if keepdims:
        shape = tuple(1 if place in axes else size for place, size in enumerate(values.shape))
    result = answer.astype(kind, copy=False).reshape(shape)[()]
    return (result, sign.astype(kind, copy=False).reshape(shape)[()]) if return_sign else result


def _result_kind(a: NDArray[Any], b: ArrayLike) -> np.dtype[Any]:
    """Return the dtype of a result by NumPy's promotion, in which a plain number is weak."""
    kind = np.result_type(a, b if isinstance(b, int | float) else np.asarray(b))
    return kind if kind in (np.float16, np.float32) else np.dtype(np.float64)


def _real(values: ArrayLike, name: str) -> NDArray[Any]:
    """Return values as an array of real numbers."""
    array = plain_array(values, name)
    if array.dtype.kind not in "fiub":
        raise BadInput(f"{name} must be real numbers, not {array.dtype}")
    return array


def _times(values: NDArray[np.float64], b: ArrayLike) -> NDArray[np.float64]:
    """Return log(b * exp(values)); an infinite or NaN value times 0 does not count either."""
    factors = _real(b, "b")
    if factors.dtype == np.longdouble or factors.shape != values.shape:
        return _products(values, factors)
    # In blocks that stay in the cache: between whole arrays every step waits for memory.
    flat, flat_factors = values.reshape(-1), factors.reshape(-1)
    products, logs = np.empty(len(flat)), np.empty(min(len(flat), _BLOCK))
    for start in range(0, len(flat), _BLOCK):
        part = slice(start, start + _BLOCK)
        of_part = flat_factors[part]
        if of_part.min() > 0:
            np.log(of_part, out=logs[: len(of_part)], dtype=np.float64)
            np.add(flat[part], logs[: len(of_part)], out=products[part])
        else:
            products[part] = _products(flat[part], of_part)
    return products.reshape(values.shape)


def _products(values: NDArray[np.float64], factors: NDArray[Any]) -> NDArray[np.float64]:
    if factors.dtype != np.longdouble:  # whose logarithm binary64 holds, if not the factor
        factors = factors.astype(np.float64, copy=False)
    if (factors < 0).any():
        raise BadInput("b must not be negative: a log-likelihood has no sign; split the sum")
    with np.errstate(divide="ignore", invalid="ignore"):
        products = binary64(values + np.log(factors))
    return np.where(factors == 0, -np.inf, products)


def row_sums_by(sums: Sums, rows: NDArray[Any]) -> CodesAndStatus:
    """Return what a `RowSums` returns, given log sums of codes."""
    values = binary64(rows)
    nan = np.logical_or.reduce(np.isnan(values), axis=1)
    infinite = np.logical_or.reduce(np.isposinf(values), axis=1)
    values = np.where(np.logical_or(nan, infinite)[:, None], -np.inf, values)
    codes, saturated = quantise(values)
    code, status = sums(codes.reshape(-1), np.arange(len(rows) + 1, dtype=np.int64) * rows.shape[1])
    flags = NOT_A_NUMBER * nan | INFINITE * infinite
    flags |= SATURATED * ((status & ResultStatus.SATURATED) != 0)
    if saturated:
        beyond = saturates(values)
        flags |= ABOVE * (beyond & (values > 0)).any(axis=1)
        flags |= BELOW * (beyond & (values < 0)).any(axis=1)
    return code, flags.astype(np.uint32)


def _refuse_beyond(code: Codes, flags: NDArray[Any]) -> None:
    """Raise OutOfRange if an answer is beyond the codes, or values below them count in it."""
    above, below = (flags & (ABOVE | SATURATED)) != 0, (flags & BELOW) != 0
    unknown = np.asarray(above | (below & (code < _NEGLIGIBLE)))
    if unknown.any():
        raise OutOfRange(
            f"{int(unknown.sum())} of {len(code)} answers are beyond +-22,713 nats, which {Q16_16} "
            f"cannot represent (the first: number {int(unknown.argmax())}); shift the values"
        )
