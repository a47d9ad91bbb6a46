"""Exact sums to a posterior per agent: the table that `fuse` makes of all the rows."""

from dataclasses import dataclass
from typing import Self

import pyarrow as pa

from consilience.devices.device import Device
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.evidence.prior import codes_of_prior, parse_prior
from consilience.evidence.results import ResultTable

__all__ = ["Verdicts"]


@dataclass(frozen=True)
class Verdicts:
    """Posteriors of all agents of a state.

    Parameters
    ----------
    decisions : dict of str to int
        Agents by their most probable hypothesis; ties go to the first, and agents without a
        possible one count as ``impossible``.
    batch : pyarrow.RecordBatch
        A row per agent, ids ascending; the columns are those of `ResultTable`.
    """

    decisions: dict[str, int]
    batch: pa.RecordBatch

    @classmethod
    def of(cls, sums: EvidenceSums, device: Device, prior: str | None = None) -> Self:
        """Compute them on a device.

        Codes, probabilities, decisions and rows are those of `consilience fuse` over all the
        evidence; a status does not show differences that were clamped before the device.

        Raises
        ------
        BadInput
            `prior` is not what `parse_prior` takes, or a hypothesis has the name of a column.
        """
        table = ResultTable("agent", sums.hypotheses)
        codes = codes_of_prior(parse_prior(prior, sums.hypotheses))
        found = sums.posterior(device, codes)
        ids = found.ids.tolist()
        column = pa.array(ids, pa.string() if found.ids.dtype.kind in "UO" else None)
        batch = table.batch(column, found.posterior, sums.rows_of(ids), found.status)
        return cls(table.decisions, batch)
