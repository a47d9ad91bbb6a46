"""Log sums of floats in any shape, given one that does them of codes."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple
from numpy.typing import ArrayLike, NDArray

from consilience.errors import BadInput, OutOfRange
from consilience.numbers.arrays import Codes, CodesAndStatus, plain_array
from consilience.numbers.convert import binary64, from_codes, quantise, saturates
from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16

__all__ = ["Sums", "log_sum_exp_over"]

Sums = Callable[[Codes, NDArray[np.int64]], CodesAndStatus]
"""(codes, offsets) -> (code, status) of each segment, as `Device.sums`."""

_NEGLIGIBLE = Q16_16.min_code + (64 << Q16_16.fraction_bits)
"""From this result on, 2**32 values below the lowest code are less than 2**-31 of the sum."""


def log_sum_exp_over(
    sums: Sums,
    a: ArrayLike,
    axis: int | tuple[int, ...] | None,
    b: ArrayLike | None,
    keepdims: bool,
    return_sign: bool,
) -> Any:
    """Return `consilience.logsumexp` with the log sums of codes computed by `sums`."""
    given = _real(a, "a")
    kind = given.dtype if given.dtype in (np.float16, np.float32) else np.dtype(np.float64)
    values = np.atleast_1d(binary64(given))  # as SciPy takes a single number
    if b is not None:
        kind = _result_kind(given, b)
        values = _times(values, b)
    axes = normalize_axis_tuple(range(values.ndim) if axis is None else axis, values.ndim)
    kept = [place for place in range(values.ndim) if place not in axes]
    shape = tuple(values.shape[place] for place in kept)
    slices = int(np.prod(shape, dtype=np.int64))
    length = int(np.prod([values.shape[place] for place in axes], dtype=np.int64))
    rows = values.transpose(*kept, *axes).reshape(slices, length)

    nan = np.logical_or.reduce(np.isnan(rows), axis=1)
    infinite = np.logical_or.reduce(np.isposinf(rows), axis=1)
    answer, is_zero = _finite_log_sums(sums, rows, np.logical_or(nan, infinite))
    answer[infinite] = np.inf
    answer[nan] = np.nan
    sign = np.where(nan, np.nan, np.where(is_zero & ~infinite, 0.0, 1.0))
    if keepdims:
        shape = tuple(1 if place in axes else size for place, size in enumerate(values.shape))
    result = answer.astype(kind).reshape(shape)[()]
    return (result, sign.astype(kind).reshape(shape)[()]) if return_sign else result


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
    if (factors < 0).any():
        raise BadInput("b must not be negative: a log-likelihood has no sign; split the sum")
    if factors.dtype != np.longdouble:  # whose logarithm binary64 holds, if not the factor
        factors = factors.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return binary64(np.where(factors == 0, -np.inf, values + np.log(factors)))


def _finite_log_sums(
    sums: Sums, rows: NDArray[np.float64], special: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the answers in nats, and which are the log of zero; `special` rows do not count."""
    slices, length = rows.shape
    rows = np.where(special[:, None], -np.inf, rows)
    codes, saturated = quantise(rows)
    offsets = np.arange(slices + 1, dtype=np.int64) * length
    code, status = sums(codes.reshape(-1), offsets)
    unknown = (status & ResultStatus.SATURATED) != 0
    if saturated:
        beyond = saturates(rows)
        unknown |= (beyond & (codes == Q16_16.max_code)).any(axis=1)
        unknown |= (beyond & (codes == Q16_16.min_code)).any(axis=1) & (code < _NEGLIGIBLE)
    if unknown.any():
        raise OutOfRange(
            f"{int(unknown.sum())} of {slices} answers are beyond +-22,713 nats, which {Q16_16} "
            f"cannot represent (the first: number {int(unknown.argmax())}); shift the values"
        )
    return from_codes(code), code == Q16_16.log_of_zero
