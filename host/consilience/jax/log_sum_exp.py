"""`logsumexp` in JAX, exact in fixed point, with a gradient in floats."""

from consilience.errors import BadInput
from consilience.extras import naming_extras
from consilience.jax.log_sums import Array, dense_sums
from consilience_hw.spec.log_format import Q16_16

with naming_extras("consilience.jax"):
    import jax
    import jax.numpy as jnp

__all__ = ["logsumexp"]

_ZERO = Q16_16.log_of_zero
_LARGEST = float(Q16_16.max_code)
_LOG2_E = float.fromhex("0x1.71547652b82fep+0")
_LN_2 = float.fromhex("0x1.62e42fefa39efp-1")
_NEAR = 64 << Q16_16.fraction_bits


def logsumexp(a: Array, axis: int | None = None) -> Array:
    """Return ``log(sum(exp(a)))`` over an axis, the same bits for any order of the elements.

    The elements become codes in binary64 (`to_codes`), their log sum is exact but for one rounding,
    and comes back in the type of `a`: the bits of `consilience.logsumexp`. Its derivative is the
    softmax in floats, which has no such promise.

    Nothing can raise under jit: where the library raises OutOfRange, the result is NaN. As there,
    NaN gives NaN, +inf wins over all but NaN, nothing or all -inf gives -inf. The conversion needs
    a backend whose float64 is binary64: CPU and GPU, not TPU; `reduce` needs none.

    Parameters
    ----------
    a : float32 or float64 array
        In nats.
    axis : int, optional
        Default: over all elements.
    """
    values = jnp.asarray(a)
    if values.dtype not in (jnp.float32, jnp.float64):
        raise BadInput(f"a must be float32 or float64, not {values.dtype}")
    if axis is None:
        return _rows(values.reshape(1, -1))[0]
    moved = jnp.moveaxis(values, axis, -1)
    rows = 1
    for length in moved.shape[:-1]:
        rows *= length
    return _rows(moved.reshape(rows, moved.shape[-1])).reshape(moved.shape[:-1])


@jax.custom_vjp  # type: ignore[untyped-decorator]
def _rows(values: Array) -> Array:
    """Return the log sum of each row."""
    with jax.enable_x64(True):
        scaled = jnp.rint((values.astype(jnp.float64) * _LOG2_E) * float(Q16_16.fractions))
        clipped = jnp.clip(jnp.where(jnp.isnan(scaled), 0, scaled), -_LARGEST, _LARGEST)
        codes = jnp.where(jnp.isneginf(values), _ZERO, clipped).astype(jnp.int32)
        finite = jnp.isfinite(values)
        above = (finite & (scaled > _LARGEST)).any(axis=1)
        below = (finite & (scaled < -_LARGEST)).any(axis=1)
    sums, status = dense_sums(codes)
    with jax.enable_x64(True):
        nats = (sums.astype(jnp.float64) * 2.0**-Q16_16.fraction_bits) * _LN_2
        nats = jnp.where(sums == _ZERO, -jnp.inf, nats).astype(values.dtype)
    lost = above | (status != 0) | (below & (sums < Q16_16.min_code + _NEAR))
    nats = jnp.where(lost, jnp.nan, nats)
    nats = jnp.where(jnp.isposinf(values).any(axis=1), jnp.inf, nats)
    return jnp.where(jnp.isnan(values).any(axis=1), jnp.nan, nats).astype(values.dtype)


def _forward(values: Array) -> tuple[Array, tuple[Array, Array]]:
    sums = _rows(values)
    return sums, (values, sums)


def _backward(kept: tuple[Array, Array], cotangent: Array) -> tuple[Array]:
    values, sums = kept
    # Where nothing is summed the derivative is 0, not NaN.
    shift = jnp.where(jnp.isneginf(sums), 0, sums)
    return (jnp.exp(values - shift[:, None]) * cotangent[:, None],)


_rows.defvjp(_forward, _backward)
