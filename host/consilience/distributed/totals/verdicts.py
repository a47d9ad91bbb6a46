"""From exact sums to a posterior an agent: the table that `fuse` would have made of all rows."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa

from consilience.devices.device import Device
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.evidence.atomic_file import OutputFile
from consilience.evidence.prior import parse_prior
from consilience.evidence.reading import check_suffix
from consilience.evidence.results import ResultTable
from consilience.evidence.writing import open_writer
from consilience.numbers.convert import to_codes

__all__ = ["Verdicts", "VerdictsFile"]


@dataclass(frozen=True)
class Verdicts:
    """Posteriors of all agents of a state.

    Parameters
    ----------
    decisions : dict of str to int
        Agents by their most probable hypothesis, the first of equals; ``impossible`` where none is.
    batch : pyarrow.RecordBatch
        A row an agent, ids ascending; columns as of `ResultTable`.
    """

    decisions: dict[str, int]
    batch: pa.RecordBatch

    @classmethod
    def of(cls, sums: EvidenceSums, device: Device, prior: str | None = None) -> Self:
        """Compute them on a device.

        Codes, probabilities, decisions and rows are those of `consilience fuse` over all the
        evidence; a status does not tell of differences that were clamped before the device.

        Raises
        ------
        BadInput
            `prior` is not what `parse_prior` takes, or a hypothesis has the name of a column.
        """
        table = ResultTable("agent", sums.hypotheses)
        with np.errstate(divide="ignore"):
            codes = to_codes(np.log(np.array(parse_prior(prior, sums.hypotheses))))
        found = sums.posterior(device, codes)
        ids = found.ids.tolist()
        column = pa.array(ids, pa.string() if found.ids.dtype.kind in "UO" else None)
        batch = table.batch(column, found.posterior, sums.rows_of(ids), found.status)
        return cls(table.decisions, batch)


class VerdictsFile:
    """The file in which verdicts will be, found to be writable before there are any.

    A context manager: left without `write`, nothing stays behind.

    Parameters
    ----------
    path : Path
        Its suffix says the format: .parquet, .csv or .npz.
    overwrite : bool
        Replace an existing file.
    """

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        self._suffix = check_suffix(path, "the output")
        self._file = OutputFile(path, overwrite=overwrite)

    def write(self, verdicts: Verdicts) -> None:
        """Write all, and give the file its name."""
        writer = open_writer(self._suffix, self._file.file, verdicts.batch.schema)
        try:
            writer.write(verdicts.batch)
            writer.finish()
        except BaseException:
            writer.abandon()
            raise
        self._file.commit()

    def __enter__(self) -> Self:
        self._file.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._file.__exit__(None, None, None)
