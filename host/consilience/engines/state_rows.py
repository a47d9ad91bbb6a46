"""The state of exact log sums as rows: what engines add up, store as a table, and merge by SUM.

A row is one bin of one group: the group columns, ``bin``, ``terms`` and ``total``, all BIGINT. They
are the bins of `LogSum` (docs/numerics.md), so a state goes to and from its bytes. Two more numbers
of bins have a meaning of their own: ZEROS counts the logs of zero, REFUSED the values that are no
code. Neither has a total.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from consilience.engines.grouped_rows import arrow_table, grouped_rows, integer_column
from consilience.errors import BadInput, CapacityExceeded, ImpossibleState
from consilience.exact.bins import Bins
from consilience.exact.log_sum import LogSum
from consilience.exact.state_bytes import Held, pack_state
from consilience_hw.spec.log_format import Q16_16

__all__ = ["REFUSED", "ZEROS", "StateRows", "log_sums_of", "rows_of", "state_rows"]

ZEROS = -32768
"""Number of the bin that counts logs of zero."""
REFUSED = -32767
"""Number of the bin that counts values that are no code: NULL, beyond 32 bits, NaN."""

_LOWEST = Q16_16.min_top - Q16_16.parts + 1
_MOST = (1 << Q16_16.bin_width) - 1

Numbers = NDArray[np.int64]


class StateRows(NamedTuple):
    """States of groups, checked: each bin once, bins of a group ascending, groups in order.

    Parameters
    ----------
    keys : pyarrow.Table
        The group columns, one row a group.
    group, bin, terms, total : (n,) int64
        The rows of bins that hold codes.
    zeros : (groups,) int64
        Logs of zero.
    """

    keys: pa.Table
    group: Numbers
    bin: Numbers
    terms: Numbers
    total: Numbers
    zeros: Numbers


def state_rows(rows: Any, by: Sequence[str]) -> StateRows:
    """Return the states of rows; equal bins of a group are added: rows of many tables merge so.

    Parameters
    ----------
    rows : table
        Columns of `by`, and bin, terms, total; in any order.
    by : sequence of str
        Group columns; with none, all rows are one state.

    Raises
    ------
    BadInput
        Columns missing, NULL or no integers; values were no codes (REFUSED).
    ImpossibleState
        Bins that no multiset has; see `Bins.check`, whose first two rules these are.
    CapacityExceeded
        More than 2**32 codes in a group.
    """
    table = arrow_table(rows)
    found = grouped_rows(table, by)
    bins, terms, total = (integer_column(table, name) for name in ("bin", "terms", "total"))
    refused = bins == REFUSED
    if refused.any():
        place = int(refused.argmax())
        count = int(terms[refused & (found.group == found.group[place])].sum())
        raise BadInput(
            f"{_name(found.keys, by, int(found.group[place]))}: {count} values are no codes (NULL, "
            "NaN, +inf or beyond 32 bits), or rows of a state were damaged; leave them out with "
            "WHERE if that is what you mean"
        )
    group, bins, terms, total = _merged(found.group, bins, terms, total)
    is_zero = bins == ZEROS
    zeros = np.zeros(found.keys.num_rows, np.int64)
    zeros[group[is_zero]] = terms[is_zero]
    if (total[is_zero] != 0).any():
        raise ImpossibleState("logs of zero have a total; the rows are damaged")
    kept = ~is_zero & ((terms != 0) | (total != 0))
    states = StateRows(found.keys, group[kept], bins[kept], terms[kept], total[kept], zeros)
    _check(states, by)
    return states


def log_sums_of(rows: Any, by: Sequence[str]) -> dict[tuple[Any, ...], LogSum]:
    """Return the `LogSum` of each group, by the values of its group columns.

    They merge with those of boards and processes; ``bytes`` of them are canonical. Each is checked
    as `LogSum.from_bytes` checks. Raises as `state_rows` does.
    """
    states = state_rows(rows, by)
    bounds = np.searchsorted(states.group, np.arange(states.keys.num_rows + 1))
    found = {}
    for number, key in enumerate(_tuples(states.keys, by)):
        part = slice(bounds[number], bounds[number + 1])
        bins = _bins(states.bin[part], states.terms[part], states.total[part])
        held = Held(bins.count, int(states.zeros[number]), bins)
        found[key] = LogSum.from_bytes(pack_state(LogSum.MAGIC, held))
    return found


def rows_of(states: Mapping[tuple[Any, ...], LogSum], by: Sequence[str]) -> pa.Table:
    """Return the rows of log sums: group columns, bin, terms, total; an engine merges them by SUM.

    Parameters
    ----------
    states : mapping
        By the values of the group columns. States of Q16.16 alone.
    by : sequence of str
        Names of the group columns.
    """
    keys: list[list[Any]] = [[] for _ in by]
    columns: list[list[int]] = [[], [], []]
    for key, state in states.items():
        if len(key) != len(by):
            raise BadInput(f"{len(key)} values for {len(by)} group columns: {key!r}")
        if state.format != Q16_16:
            raise BadInput(f"a state of {state.format}; engines hold those of {Q16_16}")
        held = unpacked(state)
        rows = [
            (held.bins.first + place, terms, total)
            for place, (terms, total) in enumerate(
                zip(held.bins.terms.tolist(), held.bins.sums.tolist(), strict=True)
            )
            if terms or total
        ]
        if held.zeros:
            rows.append((ZEROS, held.zeros, 0))
        for row in rows:
            for column, value in zip(columns, row, strict=True):
                column.append(value)
        for values, value in zip(keys, key, strict=True):
            values += [value] * len(rows)
    names = [*by, "bin", "terms", "total"]
    return pa.table([*map(pa.array, keys), *(pa.array(one, pa.int64()) for one in columns)], names)


def unpacked(state: LogSum) -> Held:
    """Return what a state holds, by way of its bytes."""
    from consilience.exact.state_bytes import unpack_state

    return unpack_state(LogSum.MAGIC, bytes(state), Q16_16, windowed=False)


def _merged(
    group: Numbers, bins: Numbers, terms: Numbers, total: Numbers
) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Return each bin of a group once, in order of both."""
    if not len(group):
        return group, bins, terms, total
    if int(bins.min()) < ZEROS or int(bins.max()) > Q16_16.max_top:
        raise ImpossibleState("a bin that no code reaches; the rows are damaged")
    # One number sorts in a third of the time of two.
    both = (group << 17) + bins
    if not (both[1:] > both[:-1]).all():
        order = np.argsort(both)
        both, terms, total = both[order], terms[order], total[order]
        group, bins = group[order], bins[order]
    starts = np.flatnonzero(np.concatenate([[True], both[1:] != both[:-1]]))
    most = int(np.diff(starts, append=len(group)).max())
    counted = bins != ZEROS
    if (
        (terms < 0).any()
        or (total < 0).any()
        or (terms[counted] > Q16_16.capacity).any()
        or (total > _MOST * Q16_16.capacity).any()
        or int(max(terms.max(), total.max())) * most >= 1 << 63
    ):
        raise ImpossibleState(
            "a row counts less than nothing or more than a state can hold; the rows are damaged"
        )
    if most > 1:
        terms, total = np.add.reduceat(terms, starts), np.add.reduceat(total, starts)
        group, bins = group[starts], bins[starts]
    return group, bins, terms, total


def _check(states: StateRows, by: Sequence[str]) -> None:
    """Raise at bins that no multiset has."""
    keys, group, bins, terms, total, _ = states
    outside = (bins < _LOWEST) | (bins > Q16_16.max_top) | ((bins < Q16_16.min_top) & (terms > 0))
    # Terms of the bins above reach down to this one, from at most `parts` - 1 rows on.
    reaching = terms.copy()
    for above in range(1, Q16_16.parts):
        near = (group[above:] == group[:-above]) & (bins[above:] - bins[:-above] < Q16_16.parts)
        reaching[:-above] += np.where(near, terms[above:], 0)
    wrong = outside | (total < terms) | (-(-total // _MOST) > reaching)
    if wrong.any():
        place = int(wrong.argmax())
        raise ImpossibleState(
            f"{_name(keys, by, int(group[place]))}: bin {bins[place]} with {terms[place]} terms "
            f"and total {total[place]} is of no multiset; the rows are damaged or incomplete"
        )
    counts = np.zeros(keys.num_rows, np.int64)
    np.add.at(counts, group, terms)
    if (counts > Q16_16.capacity).any():
        place = int((counts > Q16_16.capacity).argmax())
        raise CapacityExceeded(
            f"{_name(keys, by, place)}: more than 2**32 codes; split them over several groups"
        )


def _bins(bins: Numbers, terms: Numbers, total: Numbers) -> Bins:
    if not len(bins):
        return Bins.empty(Q16_16)
    first = int(bins[0])
    sums, counts = np.zeros((2, int(bins[-1]) - first + 1), np.uint64)
    sums[bins - first], counts[bins - first] = total, terms
    return Bins(Q16_16, first, sums, counts)


def _tuples(keys: pa.Table, by: Sequence[str]) -> list[tuple[Any, ...]]:
    if not by:
        return [()]
    return list(zip(*(keys[name].to_pylist() for name in by), strict=True))


def _name(keys: pa.Table, by: Sequence[str], group: int) -> str:
    """Return how a message calls a group."""
    shown = ", ".join(f"{name} {keys[name][group].as_py()!r}" for name in by)
    return f"group {shown}" if by else "the rows"
