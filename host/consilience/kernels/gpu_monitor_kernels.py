"""The recurrence of monitors for CUDA, in numba: one agent a thread, its rows in order.

Integers only; L by the segments of `log_add_table`, whose products need 64 bits. Every constant has
the type of what it meets, as `gpu_kernels` says.
"""

import numpy as np
from numba import cuda

from consilience_hw.spec.log_add_table import FIRST_ZERO, SEGMENT_BITS
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import (
    ALARMED,
    MAX_COMPONENTS,
    AgentFlag,
    MonitorMode,
    Policy,
)

__all__ = ["step_agents"]

_ZERO, _MAX = Q16_16.log_of_zero, Q16_16.max_code
_BIT = Q16_16.fractions
_COVERED = 1 << 20
_SEGMENT = SEGMENT_BITS
_LOW = (1 << SEGMENT_BITS) - 1
_FIRST_ZERO = FIRST_ZERO
_MOST = MAX_COMPONENTS
_RESTART, _CUSUM = int(MonitorMode.RESTART), int(MonitorMode.CUSUM)
_ONCE, _SPREAD = int(MonitorMode.ONCE), int(MonitorMode.SPREAD)
_LATCH = int(Policy.LATCH)
_SATURATED, _LATCHED = int(AgentFlag.SATURATED), int(AgentFlag.LATCHED)
_ALARMED = int(ALARMED)


@cuda.jit(device=True)
def _log_add(a, b, segments):  # type: ignore[no-untyped-def]
    """Return L(a, b) before it is cut to the largest code."""
    if a == _ZERO:
        return b
    if b == _ZERO:
        return a
    distance = abs(a - b)
    if distance < _COVERED:
        place = distance >> _SEGMENT
        low = distance & _LOW
        chord = (segments[place, 0] << 19) - ((segments[place, 1] * low) << 9)
        return max(a, b) + ((chord - segments[place, 2] * low * (_LOW + 1 - low)) >> 32)
    return max(a, b) + (1 if distance < _FIRST_ZERO else 0)


@cuda.jit(device=True)
def _plus(a, b):  # type: ignore[no-untyped-def]
    """Return the sum of codes, not cut above; the log of zero absorbs, and what is too low."""
    if a == _ZERO or b == _ZERO or a + b < _ZERO:
        return np.int64(_ZERO)
    return a + b


@cuda.jit
def step_agents(  # type: ignore[no-untyped-def]
    mode,
    policy,
    threshold,
    commit,
    weights,
    segments,
    observations,
    offsets,
    increments,
    components,
    flags,
    statistics,
):
    """Take the rows of every agent in order; see `monitor_kernels.update_each`.

    `components` (agents, K), `flags` (agents,) and `statistics` (n,) are written, all int64, as
    are all inputs but `commit`, 0 or 1.
    """
    agent = cuda.grid(1)
    if agent >= len(flags):
        return
    count = len(weights)
    values = cuda.local.array(_MOST, np.int64)
    terms = cuda.local.array(_MOST, np.int64)
    flag = flags[agent]
    number = observations[agent]
    for k in range(count):
        values[k] = components[agent, k]
    for row in range(offsets[agent], offsets[agent + 1]):
        if not commit:
            for k in range(count):
                values[k] = components[agent, k]
        spread = np.int64(_BIT)
        left = number + 1
        while left > 0:
            left >>= 1
            spread -= 2 * _BIT
        cut = False
        for k in range(count):
            value = values[k]
            if mode == _RESTART:
                value = _log_add(value, np.int64(0), segments)
            elif mode == _CUSUM:
                value = max(value, np.int64(0))
            elif mode == _SPREAD:
                value = _log_add(value, spread, segments)
            cut = cut or value > _MAX
            value = _plus(min(value, np.int64(_MAX)), increments[row, k])
            cut = cut or value > _MAX
            values[k] = min(value, np.int64(_MAX))
            terms[k] = _plus(values[k], weights[k])
        left = count
        while left > 1:
            for k in range(left >> 1):
                total = _log_add(terms[2 * k], terms[2 * k + 1], segments)
                cut = cut or total > _MAX
                terms[k] = min(total, np.int64(_MAX))
            if left & 1:
                terms[left >> 1] = terms[left - 1]
            left = (left + 1) >> 1
        statistics[row] = terms[0]
        alarm = terms[0] >= threshold and not flag & _LATCHED
        if alarm:
            flags[agent] |= _ALARMED
        if commit:
            number += 1
            if cut:
                flag |= _SATURATED
            if alarm:
                if policy == _LATCH:
                    flag |= _LATCHED
                else:
                    number = np.int64(0)
                    for k in range(count):
                        values[k] = 0 if mode == _ONCE else _ZERO
    if commit:
        for k in range(count):
            components[agent, k] = values[k]
    flags[agent] |= flag
