"""The evidence of agents as rows that engines add up: to posteriors, and to and from their bytes.

A row: the agent, ``row_count``, ``refused``, and for hypothesis h ``zeros_h``, ``high_h`` and
``low_h``: rows that say log of zero, and the sum ``high * 2**24 + low`` of weight times code.
Merging is SUM. The sums are those of `EvidenceSums`, without the prior.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from consilience.devices.cpu import CpuDevice
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.distributed.totals.evidence_sums_bytes import SumsFields, pack_sums, unpack_sums
from consilience.engines.evidence_text import SPLIT_BITS
from consilience.engines.grouped_rows import arrow_table, grouped_rows, integer_column
from consilience.errors import BadInput, CapacityExceeded, ImpossibleState
from consilience.numbers.convert import as_codes
from consilience.verdicts.exact_totals import LOW, LOW_BITS, ExactTotals
from consilience_hw.spec.log_format import Q16_16

__all__ = ["evidence_rows_of", "evidence_sums_of", "posterior"]

_SPLIT = (1 << SPLIT_BITS) - 1
_MOST = 1 << 58

Numbers = NDArray[np.int64]


class _Evidence(NamedTuple):
    """Each agent once, ascending, with its totals and its number of rows."""

    agents: pa.Array
    totals: ExactTotals
    rows: Numbers


def posterior(rows: Any, agent: str, prior: ArrayLike) -> pa.Table:
    """Return the posterior of each agent: the codes and status of `Device.posterior`.

    Parameters
    ----------
    rows : table
        Of evidence states; those of one agent are added.
    agent : str
        Column of agents.
    prior : (H,) int32
        log2 of the prior probabilities as codes.

    Returns
    -------
    pyarrow.Table
        Agents ascending; ``posterior_h`` (int32), ``status`` (uint32), ``row_count`` (int64).

    Raises
    ------
    BadInput
        Columns missing or no integers; evidence, weights or agents that were none (refused).
    ImpossibleState, CapacityExceeded
        Sums that no rows have; more than 2**32 rows of an agent.
    """
    start = as_codes(prior, "prior")
    if start.ndim != 1 or not 2 <= len(start) <= 16:
        raise BadInput(f"prior must be 2 to 16 codes, not {start.shape}")
    found = _evidence(rows, agent, len(start))
    codes, status = found.totals.posteriors(start, CpuDevice())
    columns = [pa.array(np.ascontiguousarray(codes[:, h])) for h in range(len(start))]
    return pa.table(
        [found.agents, *columns, pa.array(status), pa.array(found.rows)],
        [agent, *(f"posterior_{h}" for h in range(len(start))), "status", "row_count"],
    )


def evidence_sums_of(rows: Any, agent: str, hypotheses: Sequence[str]) -> EvidenceSums:
    """Return the state of the rows, which merges with those of shards; see `posterior`."""
    found = _evidence(rows, agent, len(hypotheses))
    fields = SumsFields(
        tuple(hypotheses),
        str(found.agents.type) if len(found.agents) else str(pa.int64()),
        found.agents.to_pylist(),
        found.rows,
        np.stack(found.totals),
    )
    return EvidenceSums.from_bytes(pack_sums(fields))


def evidence_rows_of(state: EvidenceSums, agent: str) -> pa.Table:
    """Return the rows of a state: an engine merges them by SUM."""
    fields = unpack_sums(bytes(state))
    zeros, high, low = fields.cells
    columns = [pa.array(fields.agents, fields.id_type), fields.rows, np.zeros_like(fields.rows)]
    names = [agent, "row_count", "refused"]
    for h in range(len(fields.hypotheses)):
        # From units of 2**32 to those of 2**24: eight bits go over.
        columns += [
            zeros[:, h],
            (high[:, h] << LOW_BITS - SPLIT_BITS) + (low[:, h] >> SPLIT_BITS),
            low[:, h] & _SPLIT,
        ]
        names += [f"zeros_{h}", f"high_{h}", f"low_{h}"]
    return pa.table([pa.array(column) for column in columns], names)


def _evidence(rows: Any, agent: str, hypotheses: int) -> _Evidence:
    table = arrow_table(rows)
    found = grouped_rows(table, [agent])
    agents = found.keys[agent].combine_chunks()
    if isinstance(agents, pa.ChunkedArray):
        agents = agents.chunk(0) if agents.num_chunks else pa.array([], agents.type)
    count = len(agents)
    most = int(np.bincount(found.group).max(initial=0))

    def added(name: str) -> Numbers:
        values = integer_column(table, name)
        # Of an own state at most 2**57.
        if ((values > _MOST) | (values < -_MOST)).any() or most > 16:
            _refuse_wide(values, most)
        total = np.zeros(count, np.int64)
        np.add.at(total, found.group, values)
        return total

    refused = added("refused")
    if refused.any() or agents.null_count:
        place = int((refused != 0).argmax())
        raise BadInput(
            f"agent {agents[place].as_py()!r}: {refused[place]} rows have NULL, codes beyond 32 "
            "bits or weights outside 0 .. 65536; leave them out with WHERE if you mean that"
        )
    counts = added("row_count")
    if (counts > Q16_16.capacity).any():
        raise CapacityExceeded("more than 2**32 rows of an agent; split them over several ids")
    parts: list[list[Numbers]] = [[], [], []]
    for h in range(hypotheses):
        high, low = added(f"high_{h}"), added(f"low_{h}")
        high, low = high + (low >> SPLIT_BITS), low & _SPLIT
        extra = LOW_BITS - SPLIT_BITS
        parts[0].append(added(f"zeros_{h}"))
        parts[1].append(high >> extra)
        parts[2].append(((high & (1 << extra) - 1) << SPLIT_BITS | low) & LOW)
    totals = ExactTotals(*(np.stack(part, axis=1) for part in parts))
    reach = (counts[:, np.newaxis] - totals.zeros) << 15
    if (
        (counts < 1).any()
        or (totals.zeros < 0).any()
        or (totals.zeros > counts[:, np.newaxis]).any()
        or (totals.high > reach).any()
        or (totals.high < -reach).any()
    ):
        raise ImpossibleState("sums of evidence that their rows cannot reach; they are damaged")
    return _Evidence(agents, totals, counts)


def _refuse_wide(values: Numbers, most: int) -> None:
    """Raise if the sum of a group of up to `most` values may need more than 64 bits."""
    largest = max(int(values.max(initial=0)), -int(values.min(initial=0)))
    if largest * most >= 1 << 63:
        raise ImpossibleState("sums of evidence beyond what rows can reach; they are damaged")
