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
        Agents by decision, as `consilience fuse` decides unless it is told how.
    batch : pyarrow.RecordBatch
        A row per agent, ids ascending; the columns are those of `ResultTable`.
    """

    decisions: dict[str, int]
    batch: pa.RecordBatch

    @classmethod
    def of(
        cls, sums: EvidenceSums, device: Device, prior: str | None = None, agent: str = "agent"
    ) -> Self:
        """Compute them on a device: those of `consilience fuse` over all the evidence.

        Parameters
        ----------
        sums : EvidenceSums
        device : Device
        prior : str or None
            As `parse_prior` takes it.
        agent : str
            Name of the column of ids.

        Raises
        ------
        BadInput
            `prior` is not what `parse_prior` takes, a hypothesis has the name of a column, or the
            device has fewer hypotheses.
        """
        table = ResultTable(agent, sums.hypotheses)
        codes = codes_of_prior(parse_prior(prior, sums.hypotheses))
        found = sums.posterior(device, codes)
        batch = table.batch(found.ids, found.posterior, found.rows, found.status)
        return cls(table.decisions, batch)
