"""Log sums of segments in JAX, with integers of 32 bits.

A term is 32 bits, four digits of a bin each (docs/numerics.md). Of each segment the eight bins of
its window are added up, digit by digit, in pairs of words; then carried, and compared with the
rounding borders in three words.
"""

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from consilience.errors import BadInput
from consilience.exact.rounding import rounding_borders
from consilience.extras import naming_extras
from consilience_hw.spec.exp2_table import mantissa_table
from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16

with naming_extras("consilience.jax"):
    import jax
    import jax.numpy as jnp

__all__ = ["Array", "dense_sums", "reduce", "reduce_with_status"]

Array = Any
"""What JAX computes with: concrete or traced."""

_ZERO = Q16_16.log_of_zero
_MAX = Q16_16.max_code
_SATURATED = int(ResultStatus.SATURATED)
_PARTS = Q16_16.parts
_SLOTS = Q16_16.slots
_NO_TOP = -(1 << 20)
_CHUNK = 1 << 23
"""Codes whose digits one word holds, with a bit to spare."""
_HALF = 0xFFFF


class _Tables(NamedTuple):
    """M[f], and the rounding borders in three words, highest first."""

    mantissas: np.ndarray[Any, Any]
    borders: np.ndarray[Any, Any]


@cache
def _tables() -> _Tables:
    borders = rounding_borders(Q16_16)
    words = [[border >> shift & 0xFFFF_FFFF for border in borders] for shift in (64, 32, 0)]
    return _Tables(mantissa_table(Q16_16), np.array(words, np.uint32))


def reduce(codes: Array, offsets: Array | None = None, axis_name: str | None = None) -> Array:
    """Return the log sum of each segment: the bits of `Device.reduce`, whatever the backend.

    Parameters
    ----------
    codes : int32 array, shape (n,)
        Q16.16, unit bits; -2**31 is the log of zero.
    offsets : int32 array, shape (segments + 1,), optional
        Segment k is ``codes[offsets[k]:offsets[k + 1]]``; 0 first, n last, never decreasing. That
        is checked where they are known; traced ones are taken as they are. Default: one segment.
    axis_name : str, optional
        Of a mapped axis (`jax.shard_map`, `jax.pmap`, `jax.vmap`): its members' codes are added, by
        the largest top and the sum of bins; each member gets the result. At most 2**32 codes.

    Returns
    -------
    int32 array, shape (segments,)
        Larger values than the largest code give that code; `reduce_with_status` tells which.

    Raises
    ------
    BadInput
        Codes that are not int32, offsets that do not fit.
    """
    return reduce_with_status(codes, offsets, axis_name)[0]


def reduce_with_status(
    codes: Array, offsets: Array | None = None, axis_name: str | None = None
) -> tuple[Array, Array]:
    """Return `reduce` and the `ResultStatus` flags of each segment, uint32."""
    flat = jnp.asarray(codes)
    if flat.dtype != jnp.int32 or flat.ndim != 1:
        raise BadInput(
            f"codes must be int32 of one dimension, not {flat.dtype} {flat.shape}; "
            "consilience.to_codes() makes them from natural logarithms"
        )
    if offsets is None:
        return dense_sums(flat[np.newaxis], axis_name)
    bounds = _checked(offsets, len(flat))
    segments = bounds.shape[0] - 1
    place = jnp.arange(len(flat), dtype=jnp.int32)
    segment = jnp.searchsorted(bounds, place, side="right").astype(jnp.int32) - 1
    bins, terms = _terms(flat)
    top = jnp.full(segments, _NO_TOP, jnp.int32).at[segment].max(bins)
    top = _over_axis(jax.lax.pmax, top, axis_name)
    low = jnp.zeros(segments * _SLOTS, jnp.uint32)
    high = low
    for start in range(0, len(flat), _CHUNK):
        part = slice(start, start + _CHUNK)
        lowest = bins[part] - top[segment[part]] + (_SLOTS - _PARTS)
        cells = jnp.zeros(segments * _SLOTS, jnp.uint32)
        for number in range(_PARTS):
            slot = lowest + number
            digit = jnp.where(slot >= 0, terms[part] >> (8 * number) & 255, 0)
            cells = cells.at[segment[part] * _SLOTS + jnp.maximum(slot, 0)].add(digit)
        low, high = low + (cells & _HALF), high + (cells >> 16)
    return _codes(top, low.reshape(-1, _SLOTS), high.reshape(-1, _SLOTS), axis_name)


def dense_sums(codes: Array, axis_name: str | None = None) -> tuple[Array, Array]:
    """Return code and status of each row of codes, int32 of shape (rows, n)."""
    bins, terms = _terms(codes)
    top = jnp.max(bins, axis=1, initial=_NO_TOP)
    top = _over_axis(jax.lax.pmax, top, axis_name)
    low = jnp.zeros((codes.shape[0], _SLOTS), jnp.uint32)
    high = low
    for start in range(0, codes.shape[1], _CHUNK):
        part = slice(start, start + _CHUNK)
        lowest = bins[:, part] - top[:, np.newaxis] + (_SLOTS - _PARTS)
        sums = []
        for slot in range(_SLOTS):
            number = slot - lowest
            inside = (number >= 0) & (number < _PARTS)
            shift = (8 * jnp.clip(number, 0, _PARTS - 1)).astype(jnp.uint32)
            digit = jnp.where(inside, terms[:, part] >> shift & 255, 0)
            sums.append(jnp.sum(digit, axis=1, dtype=jnp.uint32))
        cells = jnp.stack(sums, axis=1)
        low, high = low + (cells & _HALF), high + (cells >> 16)
    return _codes(top, low, high, axis_name)


def _checked(offsets: Array, count: int) -> Array:
    """Return offsets as int32; BadInput where they are known and do not fit."""
    bounds = offsets if isinstance(offsets, jax.core.Tracer) else np.asarray(offsets)
    if bounds.ndim != 1 or bounds.shape[0] < 1 or bounds.dtype.kind not in "iu":
        raise BadInput("offsets must be integers of one dimension, 0 first")
    if isinstance(bounds, np.ndarray) and (
        bounds[0] != 0 or bounds[-1] != count or (bounds[1:] < bounds[:-1]).any()
    ):
        raise BadInput(
            f"offsets must go from 0 to the number of codes, {count}, and never decrease"
        )
    return jnp.asarray(bounds, jnp.int32)


def _terms(codes: Array) -> tuple[Array, Array]:
    """Return of each code the bin of its position and its term; a log of zero has none."""
    mantissas = jnp.asarray(_tables().mantissas)
    finite = codes != _ZERO
    raised = (codes >> Q16_16.fraction_bits & 7).astype(jnp.uint32)
    terms = mantissas[codes & (Q16_16.fractions - 1)] << raised
    bins = codes >> Q16_16.fraction_bits + 3
    return jnp.where(finite, bins, _NO_TOP), jnp.where(finite, terms, jnp.uint32(0))


def _over_axis(function: Any, value: Array, axis_name: str | None) -> Array:
    return value if axis_name is None else function(value, axis_name)


def _codes(top: Array, low: Array, high: Array, axis_name: str | None) -> tuple[Array, Array]:
    """Return code and status from the bins of windows: low + high * 2**16, shape (rows, 8)."""
    low = _over_axis(jax.lax.psum, low, axis_name)
    high = _over_axis(jax.lax.psum, high, axis_name) + (low >> 16)
    low = low & _HALF
    # A bin is five bytes from its own place on; no byte sums to more than a few hundred.
    spread = [low & 255, low >> 8, high & 255, high >> 8 & 255, high >> 16]
    limbs: list[Array] = []
    carry = jnp.zeros_like(top, jnp.uint32)
    for place in range(_SLOTS + 4):
        for above, part in enumerate(spread):
            if 0 <= place - above < _SLOTS:
                carry = carry + part[:, place - above]
        limbs.append(carry & 255)
        carry = carry >> 8
    words = [
        limbs[k + 3] << 24 | limbs[k + 2] << 16 | limbs[k + 1] << 8 | limbs[k] for k in (8, 4, 0)
    ]
    exponent, words = _normalised(words)
    fraction = _borders_below(words)
    position = exponent + 8 * (top - Q16_16.window_bins)
    beyond = (position > _MAX >> 16) | ((position == _MAX >> 16) & (fraction >> 16 != 0))
    codes = jnp.where(beyond, _MAX, (position << Q16_16.fraction_bits) + fraction)
    empty = top == _NO_TOP
    status = jnp.where(beyond & ~empty, jnp.uint32(_SATURATED), jnp.uint32(0))
    return jnp.where(empty, _ZERO, codes), status


def _normalised(words: list[Array]) -> tuple[Array, list[Array]]:
    """Return the place of the leading one, and the words with it in bit 95."""
    # Of a sum of terms it is bit 56 or higher, so the second word is not zero where the first is.
    empty = words[0] == 0
    upper = jnp.where(empty, words[1], words[0])
    middle = jnp.where(empty, words[2], words[1])
    lower = jnp.where(empty, 0, words[2])
    up = jnp.minimum(jax.lax.clz(upper), 31)
    # In two steps: a shift by 32 is none.
    down = 31 - up
    shifted = [
        upper << up | middle >> 1 >> down,
        middle << up | lower >> 1 >> down,
        lower << up,
    ]
    return 95 - 32 * empty.astype(jnp.int32) - up.astype(jnp.int32), shifted


def _borders_below(words: list[Array]) -> Array:
    """Return how many rounding borders are below a number of three words, int32."""
    borders = jnp.asarray(_tables().borders)
    first = jnp.zeros(words[0].shape, jnp.int32)
    for step in (1 << place for place in range(Q16_16.fraction_bits, -1, -1)):
        # The border with which `step` more would be below, if there are so many.
        tried = first + step
        high, middle, low = (border[jnp.minimum(tried, Q16_16.fractions) - 1] for border in borders)
        below = (high < words[0]) | (
            (high == words[0]) & ((middle < words[1]) | ((middle == words[1]) & (low < words[2])))
        )
        first = jnp.where((tried <= Q16_16.fractions) & below, tried, first)
    return first
