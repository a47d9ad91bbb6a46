"""The recurrence of monitors in JAX, with integers of 32 bits.

A scan over observations, all agents side by side. It is no associative scan: L is rounded down at
every step, so L(L(a, b), c) and L(a, L(b, c)) may differ by an ulp, and the order of an agent's
observations is part of the definition (docs/monitor.md).
"""

from functools import cache
from typing import Any

import numpy as np

from consilience.errors import BadInput
from consilience.extras import naming_extras
from consilience.jax.log_sums import Array
from consilience_hw.spec.log_add_table import FIRST_ZERO, SEGMENT_BITS, log_add_segments
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import MonitorMode

with naming_extras("consilience.jax"):
    import jax
    import jax.numpy as jnp

__all__ = ["monitor_step"]

_ZERO, _MAX, _BIT = Q16_16.log_of_zero, Q16_16.max_code, Q16_16.fractions
_COVERED = 1 << 20


@cache
def _gains() -> np.ndarray[Any, Any]:
    """Return G(d) for d below 2**20, int32: 4 MB, for its products need more than 32 bits."""
    distance = np.arange(_COVERED)
    start, slope, bend = log_add_segments()[distance >> SEGMENT_BITS].T
    low = distance & (1 << SEGMENT_BITS) - 1
    chord = (start << 19) - ((slope * low) << 9)
    bent = chord - bend * low * ((1 << SEGMENT_BITS) - low)
    return np.asarray(bent >> 32, np.int32)


def monitor_step(
    components: Array,
    increments: Array,
    weights: Array,
    mode: MonitorMode | str = MonitorMode.RESTART,
    observations: Array | None = None,
) -> tuple[Array, Array]:
    """Take observations of many agents; return T after each, and the components at the end.

    The bits of `Device.monitor` with the policy latch: the first statistic at or above the
    threshold alarms, and the recurrence goes on.

    Parameters
    ----------
    components : int32 array, shape (agents, K)
        R_k of each agent: at the beginning the log of zero, -2**31; in mode once 0.
    increments : int32 array, shape (steps, agents, K)
        One observation of each agent a step; codes.
    weights : int32 array, shape (K,)
        log2 of the shares of the bets, codes.
    mode : MonitorMode or str
        "restart", "cusum", "once" or "spread"; static under jit.
    observations : int32 array, shape (agents,), optional
        t, how many each agent has had, for "spread"; default none.

    Returns
    -------
    statistics : int32 array, shape (steps, agents)
    components : int32 array, shape (agents, K)
    """
    kind = MonitorMode[mode.upper()] if isinstance(mode, str) else MonitorMode(mode)
    start, steps, shares = map(jnp.asarray, (components, increments, weights))
    if not (
        start.dtype == steps.dtype == shares.dtype == jnp.int32
        and steps.ndim == 3
        and steps.shape[1:] == start.shape
        and shares.shape == start.shape[1:]
    ):
        raise BadInput(
            f"components (agents, K), increments (steps, agents, K) and weights (K,) must be int32 "
            f"that fit, not {start.dtype} {start.shape}, {steps.dtype} {steps.shape} and "
            f"{shares.dtype} {shares.shape}"
        )
    count = jnp.zeros(start.shape[0], jnp.int32) if observations is None else observations

    def after(carried: tuple[Array, Array], increment: Array) -> tuple[tuple[Array, Array], Array]:
        values, number = carried
        if kind is MonitorMode.RESTART:
            values = _log_add(values, jnp.int32(0))
        elif kind is MonitorMode.CUSUM:
            values = jnp.maximum(values, 0)
        elif kind is MonitorMode.SPREAD:
            bits = 32 - jax.lax.clz((number + 1).astype(jnp.uint32)).astype(jnp.int32)
            values = _log_add(values, (_BIT - 2 * _BIT * bits)[:, np.newaxis])
        values = _times(values, increment)
        terms = _times(values, shares)
        return (values, number + 1), _tree(terms)

    (last, _), statistics = jax.lax.scan(after, (start, jnp.asarray(count, jnp.int32)), steps)
    return statistics, last


def _times(left: Array, right: Array) -> Array:
    """Return the sum of codes: at most the largest; the log of zero, and what is below, absorbs."""
    total = left + right  # modulo 2**32
    over = (left > 0) & (right > 0) & (total < 0)
    under = (left < 0) & (right < 0) & (total >= 0)
    gone = (left == _ZERO) | (right == _ZERO) | under
    return jnp.where(gone, _ZERO, jnp.where(over, _MAX, total))


def _log_add(left: Array, right: Array) -> Array:
    """Return L(left, right), at most the largest code."""
    high, low = jnp.maximum(left, right), jnp.minimum(left, right)
    distance = high.astype(jnp.uint32) - low.astype(jnp.uint32)
    covered = jnp.minimum(distance, _COVERED - 1).astype(jnp.int32)
    one = (distance < FIRST_ZERO).astype(jnp.int32)
    gain = jnp.where(distance < _COVERED, jnp.asarray(_gains())[covered], one)
    total = jnp.where(high > _MAX - gain, _MAX, high + gain)
    return jnp.where(low == _ZERO, high, total)


def _tree(terms: Array) -> Array:
    """Return the tree of L over the last axis, neighbours first; an odd one is passed on."""
    while terms.shape[-1] > 1:
        pairs = terms.shape[-1] // 2 * 2
        odd = terms[..., pairs:]
        terms = jnp.concatenate([_log_add(terms[..., :pairs:2], terms[..., 1:pairs:2]), odd], -1)
    return terms[..., 0]
