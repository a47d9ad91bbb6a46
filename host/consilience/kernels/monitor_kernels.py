"""Sequential monitors, compiled: the recurrence over rows of many agents. Integers only, Q16.16.

An agent is one record of 64-bit words, a cache line with up to two components, which is asked for
16 rows before its turn: a fleet does not fit into a processor's caches.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from consilience.kernels.compiling import compiled, inlined
from consilience.kernels.instructions import fetch_row
from consilience.numbers.arrays import Codes
from consilience_hw.spec.log_add_table import FIRST_ZERO, SEGMENT_BITS
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import (
    MAX_COMPONENTS,
    WINDOW,
    AgentFlag,
    Arrival,
    MonitorMode,
    Policy,
)

__all__ = [
    "ARRIVALS",
    "FLAGS",
    "HEAD_WORDS",
    "HIGHEST",
    "MISSING",
    "OBSERVATIONS",
    "REFUSED",
    "SINCE_SCHEDULED",
    "STATE_WINDOW",
    "arrive_each",
    "enter_each",
    "join_each",
    "statistic_each",
    "tree_each",
    "update_each",
]

HIGHEST, STATE_WINDOW, OBSERVATIONS, SINCE_SCHEDULED, MISSING, ARRIVALS, REFUSED = range(7)
"""Words of a record: the highest sequence number (bit 63 inverted, so that they compare as signed
ones), a bit for each of the 64 below it, t, m, missing, late (low half) and duplicates, refused
(low half) and flags; then the components, two a word."""
FLAGS = REFUSED
HEAD_WORDS = 7

_ZERO, _MAX = Q16_16.log_of_zero, Q16_16.max_code
_BIT = Q16_16.fractions
_LOW = (1 << SEGMENT_BITS) - 1
_COVERED = 1 << 20
_HALF = 32
_LOW_HALF = (1 << _HALF) - 1
_AHEAD = 16

_RESTART, _CUSUM = int(MonitorMode.RESTART), int(MonitorMode.CUSUM)
_ONCE, _SPREAD = int(MonitorMode.ONCE), int(MonitorMode.SPREAD)
_LATCH = int(Policy.LATCH)
_SATURATED, _LATCHED = int(AgentFlag.SATURATED), int(AgentFlag.LATCHED)
_NUMBERED = int(AgentFlag.NUMBERED)
_FRESH, _LATE = int(Arrival.FRESH), int(Arrival.LATE)
_DUPLICATE, _REFUSED = int(Arrival.DUPLICATE), int(Arrival.REFUSED)

Numbers = NDArray[np.int64]
Segments = NDArray[Any]


@inlined
def _log_add(a: Any, b: Any, segments: Segments) -> Any:
    """Return L(a, b) before it is cut to the largest code."""
    if a == _ZERO:
        return b
    if b == _ZERO:
        return a
    distance = abs(a - b)
    if distance < _COVERED:
        place, low = distance >> SEGMENT_BITS, distance & _LOW
        chord = (np.int64(segments[place, 0]) << 19) - ((segments[place, 1] * low) << 9)
        return max(a, b) + ((chord - segments[place, 2] * low * (_LOW + 1 - low)) >> 32)
    return max(a, b) + int(distance < FIRST_ZERO)


@inlined
def _tree(terms: Numbers, left: int, segments: Segments) -> Any:
    """Put the tree of L over the first `left` terms into the first; return whether one was cut."""
    cut = False
    while left > 1:
        for k in range(left >> 1):
            total = _log_add(terms[2 * k], terms[2 * k + 1], segments)
            cut |= total > _MAX
            terms[k] = min(total, _MAX)
        if left & 1:
            terms[left >> 1] = terms[left - 1]
        left = (left + 1) >> 1
    return cut


@inlined
def _component(record: Numbers, k: int) -> Any:
    word = record[HEAD_WORDS + (k >> 1)]
    return word >> _HALF if k & 1 else (word << _HALF) >> _HALF


@inlined
def _arrive(record: Numbers, number: int) -> int:
    """Note a sequence number, bit 63 inverted; return what becomes of the observation."""
    if not record[FLAGS] >> _HALF & _NUMBERED:
        record[FLAGS] |= _NUMBERED << _HALF
        record[HIGHEST] = number
        return _FRESH
    below = record[HIGHEST] - number  # modulo 2**64
    if number > record[HIGHEST]:
        record[MISSING] += -below - 1
        if below <= 0 and below >= -WINDOW:
            # In two steps: a shift by 64 is none.
            record[STATE_WINDOW] = ((record[STATE_WINDOW] << (-below - 1)) << 1) | (
                np.int64(1) << (-below - 1)
            )
        else:
            record[STATE_WINDOW] = 0
        record[HIGHEST] = number
        return _FRESH
    if below == 0 or (0 < below <= WINDOW and record[STATE_WINDOW] >> (below - 1) & 1):
        if (record[ARRIVALS] >> _HALF) & _LOW_HALF != _LOW_HALF:
            record[ARRIVALS] += np.int64(1) << _HALF
        return _DUPLICATE
    if below < 0 or below > WINDOW:
        if record[REFUSED] & _LOW_HALF != _LOW_HALF:
            record[REFUSED] += 1
        return _REFUSED
    record[STATE_WINDOW] |= np.int64(1) << (below - 1)
    if record[ARRIVALS] & _LOW_HALF != _LOW_HALF:
        record[ARRIVALS] += 1
    return _LATE


@compiled
def arrive_each(rows: Numbers, numbers: Numbers, states: Numbers, taken: NDArray[np.bool_]) -> None:
    """Note sequence numbers, bit 63 inverted, in order; write whether each observation is taken."""
    for place in range(len(rows)):
        arrival = _arrive(states[rows[place]], numbers[place])
        taken[place] = arrival in (_FRESH, _LATE)


@compiled
def update_each(
    rows: Codes,
    increments: Codes,
    numbers: Numbers,
    commit: bool,
    mode: int,
    policy: int,
    threshold: int,
    weights: Codes,
    segments: Segments,
    states: Numbers,
    statistics: Codes,
    alarms: Numbers,
) -> int:
    """Take observations in order; see `Monitor.update`. Return how many of them alarm.

    Parameters
    ----------
    rows : (n,)
        Of `states`; the last one, which is empty, stands for agents that are unknown. It may be
        `statistics` itself: new memory is dear.
    increments : (n, K)
    numbers : (n,) or (0,)
        Sequence numbers, bit 63 inverted.
    statistics, alarms : (n,)
        Written; of the second the rows that alarm, as many as there are.
    """
    found = 0
    components = len(weights)
    first = 0 if mode == _ONCE else _ZERO
    after = np.empty(MAX_COMPONENTS, np.int64)
    terms = np.empty(MAX_COMPONENTS, np.int64)
    numbered = commit and len(numbers) > 0
    count = len(rows)
    for place in range(count):
        if place + _AHEAD < count:
            fetch_row(states, rows[place + _AHEAD])
        record = states[rows[place]]
        taken, cut = True, False
        if numbered:
            arrival = _arrive(record, numbers[place])
            taken = arrival in (_FRESH, _LATE)
        spread: Any = 0
        if mode == _SPREAD:
            number = record[OBSERVATIONS] + 1
            spread = _BIT
            while number:
                number >>= 1
                spread -= 2 * _BIT
        for k in range(components):
            value = _component(record, k)
            if taken:
                if mode == _RESTART:
                    value = _log_add(value, 0, segments)
                elif mode == _CUSUM:
                    value = max(value, 0)
                elif mode == _SPREAD:
                    value = _log_add(value, spread, segments)
                cut |= value > _MAX
                value = min(value, _MAX)
                increment = np.int64(increments[place, k])
                # What absorbs, and what is too low to tell from it.
                gone = (value == _ZERO) | (increment == _ZERO) | (value + increment < _ZERO)
                value = _ZERO if gone else value + increment
                cut |= value > _MAX
                value = min(value, _MAX)
            after[k] = value
            low = value + weights[k]
            terms[k] = _ZERO if (value == _ZERO) | (low < _ZERO) else low
        cut |= _tree(terms, components, segments)
        flags = record[FLAGS] >> _HALF
        alarm = taken and terms[0] >= threshold and not flags & _LATCHED
        statistics[place] = terms[0]
        if alarm:
            alarms[found] = place
            found += 1
        if commit and taken:
            record[OBSERVATIONS] += 1
            record[SINCE_SCHEDULED] += 1
            if cut:
                flags |= _SATURATED
            if alarm:
                if policy == _LATCH:
                    flags |= _LATCHED
                else:
                    record[OBSERVATIONS] = 0
                    for k in range(components):
                        after[k] = first
            if alarm or cut:
                record[FLAGS] = (flags << _HALF) | (record[FLAGS] & _LOW_HALF)
            for k in range(0, components, 2):
                high = after[k + 1] << _HALF if k + 1 < components else 0
                record[HEAD_WORDS + (k >> 1)] = high | (after[k] & _LOW_HALF)
    return found


@compiled
def statistic_each(states: Numbers, weights: Codes, segments: Segments, statistics: Codes) -> None:
    """Write T of every record of `states`."""
    components = len(weights)
    terms = np.empty(MAX_COMPONENTS, np.int64)
    for row in range(len(statistics)):
        record = states[row]
        for k in range(components):
            value = _component(record, k)
            low = value + weights[k]
            terms[k] = _ZERO if (value == _ZERO) | (low < _ZERO) else low
        _tree(terms, components, segments)
        statistics[row] = terms[0]


@compiled
def tree_each(values: Codes, segments: Segments, totals: Codes) -> None:
    """Write the tree of L over each row of `values`, in order; an odd last one is passed on.

    Parameters
    ----------
    values : (n, m)
    totals : (n,)
        Written.
    """
    terms = np.empty(values.shape[1], np.int64)
    for row in range(len(values)):
        for k in range(values.shape[1]):
            terms[k] = values[row, k]
        _tree(terms, values.shape[1], segments)
        totals[row] = terms[0]


@compiled
def join_each(keys: Numbers, table: Numbers, known: int, joins: bool, rows: Codes) -> int:
    """Write the row of each key, -1 where it is unknown; return how many are known then.

    Parameters
    ----------
    keys : (n,)
    table : (2**b, 2)
        Keys and their rows, -1 where there is none; at least `n` and those known are to find room.
    known : int
        Rows so far; unknown keys get the next ones if they join.
    rows : (n,)
        Written.
    """
    mask = len(table) - 1
    count = len(keys)
    for place in range(count):
        if place + _AHEAD < count:
            fetch_row(table, _slot(keys[place + _AHEAD], mask))
        key = keys[place]
        slot = _slot(key, mask)
        while table[slot, 1] >= 0 and table[slot, 0] != key:
            slot = (slot + 1) & mask
        if table[slot, 1] < 0 and joins:
            table[slot, 0] = key
            table[slot, 1] = known
            known += 1
        rows[place] = table[slot, 1]
    return known


@compiled
def enter_each(entries: Numbers, count: int, table: Numbers) -> int:
    """Enter the keys of one table with a row below `count` into another; return how many."""
    mask, entered = len(table) - 1, 0
    for place in range(len(entries)):
        if 0 <= entries[place, 1] < count:
            slot = _slot(entries[place, 0], mask)
            while table[slot, 1] >= 0:
                slot = (slot + 1) & mask
            table[slot] = entries[place]
            entered += 1
    return entered


@inlined
def _slot(key: int, mask: int) -> int:
    """Return where the search for a key begins: its high bits and low ones mixed."""
    mixed = key ^ (key >> 32)
    mixed *= -7046029254386353131  # odd: 2**64 / golden ratio
    return (mixed ^ (mixed >> 32)) & mask
