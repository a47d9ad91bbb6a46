"""From an evidence file to a file of posteriors, in chunks, through any device."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from consilience.devices.device import Device
from consilience.errors import BadInput
from consilience.evidence.agents import AgentIndex, AgentType, SortedAgents
from consilience.evidence.atomic_file import OutputFile
from consilience.evidence.grouping import RowGrouping
from consilience.evidence.prior import parse_prior
from consilience.evidence.reading import check_suffix, open_evidence
from consilience.evidence.results import ResultTable
from consilience.evidence.unit import Unit, quantise_in
from consilience.evidence.validation import Rows, choose_columns, log_likelihoods, weights
from consilience.evidence.writing import open_writer
from consilience.numbers.convert import to_codes

__all__ = ["FuseOptions", "FuseSummary", "Fusion", "Progress"]

Progress = Callable[[str, int, int], None]
"""Called as progress(stage, done, total); the stages are ``reading`` and ``fusing``."""


@dataclass(frozen=True)
class FuseOptions:
    """How an evidence file is to be understood and how much memory it may take.

    Parameters
    ----------
    prior : str or None
        As `parse_prior` takes it.
    unit : Unit
        Unit of the log-likelihoods.
    agent_column : str
        Column of agent ids.
    agent_type : AgentType
        How the ids of a CSV are taken.
    hypotheses : tuple of str or None
        Columns of log-likelihoods; None: all others, in file order.
    weight_column : str or None
        Column of weights, 0 .. 65536; None: `weight` where there is one.
    chunk_rows : int
        Rows read, and rows sent to the device, at a time.
    bucket_rows : int
        Rows held in memory while grouping; more go to temporary files.
    spill_directory : Path or None
        Where those files go; None: beside the output.
    overwrite : bool
        Replace an existing output.
    """

    prior: str | None = None
    unit: Unit = Unit.NATS
    agent_column: str = "agent"
    agent_type: AgentType = AgentType.AUTO
    hypotheses: tuple[str, ...] | None = None
    weight_column: str | None = None
    chunk_rows: int = 1 << 16
    bucket_rows: int = 1 << 20
    spill_directory: Path | None = None
    overwrite: bool = False


@dataclass(frozen=True)
class FuseSummary:
    """What a run did. `decisions` counts agents by decision; `spilled_rows` went over the disk."""

    out: str
    device: str
    rows: int
    agents: int
    hypotheses: tuple[str, ...]
    prior: tuple[float, ...]
    prior_codes: tuple[int, ...]
    decisions: dict[str, int]
    saturated_values: int
    impossible_agents: int
    clamped_agents: int
    spilled_rows: int
    seconds: float


class Fusion:
    """One run, in two steps: the constructor finds what is wrong before any work, `run` works.

    A context manager: left early, no output and no temporary file stays.

    Parameters
    ----------
    evidence, out : Path
        Input and output; the suffix says the format.
    options : FuseOptions
        Everything else.

    Raises
    ------
    BadInput
        Anything wrong with the files, the columns or the options.
    """

    def __init__(self, evidence: Path, out: Path, options: FuseOptions) -> None:
        self._options = options
        self._suffix = check_suffix(out, "the output")
        spill = options.spill_directory or out.resolve().parent
        with contextlib.ExitStack() as stack:
            self._source = stack.enter_context(open_evidence(evidence))
            self.columns = choose_columns(
                evidence,
                self._source.columns,
                agent=options.agent_column,
                hypotheses=options.hypotheses,
                weight=options.weight_column,
            )
            self.prior = parse_prior(options.prior, self.columns.hypotheses)
            self._results = ResultTable(self.columns.agent, self.columns.hypotheses)
            self._agents = AgentIndex(
                self.columns.agent, text=self._source.agents_are_text, kind=options.agent_type
            )
            if out.exists() and out.samefile(evidence):
                raise BadInput(f"{out}: is the evidence itself; choose another --out")
            self._out = stack.enter_context(OutputFile(out, overwrite=options.overwrite))
            if not spill.is_dir():
                raise BadInput(f"{spill}: no such folder; make it or choose another --spill-dir")
            self._rows = RowGrouping(
                len(self.columns.hypotheses),
                weighted=self.columns.weight is not None,
                bucket_rows=options.bucket_rows,
                directory=spill,
            )
            stack.callback(self._rows.close)
            self._stack = stack.pop_all()

    def run(self, device: Device, progress: Progress | None = None) -> FuseSummary:
        """Fuse on `device` and write the output.

        Raises
        ------
        BadInput
            A row cannot be evidence, the file has no rows, or the device has fewer hypotheses.
        """
        start = time.perf_counter()
        names = self.columns.hypotheses
        if len(names) > device.info.hypotheses:
            raise BadInput(
                f"{self._source.path}: {len(names)} hypotheses, but {device.info.url} takes at "
                f"most {device.info.hypotheses}; choose fewer with --hypotheses"
            )
        report = progress or (lambda stage, done, total: None)
        saturated = self._read(report)
        with np.errstate(divide="ignore"):
            prior_codes = to_codes(np.log(np.array(self.prior)))
        self._fuse(device, prior_codes, report)
        self._out.commit()
        return FuseSummary(
            out=str(self._out.path),
            device=device.info.url,
            rows=self._rows.rows,
            agents=len(self._agents),
            hypotheses=names,
            prior=self.prior,
            prior_codes=tuple(prior_codes.tolist()),
            decisions=self._results.decisions,
            saturated_values=saturated,
            impossible_agents=self._results.impossible,
            clamped_agents=self._results.clamped,
            spilled_rows=self._rows.spilled_rows,
            seconds=time.perf_counter() - start,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _read(self, report: Progress) -> int:
        """Check, quantise and group all rows; return how many values saturated."""
        columns, source = self.columns, self._source
        saturated = 0
        batches = source.batches(columns.agent, columns.numbers, self._options.chunk_rows)
        # Closed here, and not when its frame is collected: a reader may have threads.
        for batch in self._stack.enter_context(contextlib.closing(batches)):
            rows = Rows(source.path, self._rows.rows + 1)
            values = log_likelihoods(batch, columns.hypotheses, rows)
            weight = weights(batch, columns.weight, rows) if columns.weight is not None else None
            agent = self._agents.add(batch.column(columns.agent), rows)
            codes, beyond = quantise_in(self._options.unit, values)
            saturated += beyond
            self._rows.add(agent, codes, weight)
            report("reading", *source.progress())
        if not self._rows.rows:
            raise BadInput(f"{source.path}: the file has no rows; write at least one observation")
        return saturated

    def _fuse(self, device: Device, prior: NDArray[np.int32], report: Progress) -> None:
        """Fuse block by block and write each."""
        agents: SortedAgents = self._agents.sorted()
        row_counts = np.empty_like(self._rows.counts)
        row_counts[agents.rank] = self._rows.counts
        schema = self._results.schema(agents.ids.type)
        writer = open_writer(self._suffix, self._out.file, schema)
        done = 0
        try:
            for block in self._rows.blocks(agents.rank, self._options.chunk_rows):
                result = device.posterior(block.codes, block.agent, prior, block.weight)
                span = slice(block.first, block.stop)
                writer.write(
                    self._results.batch(
                        agents.ids[span], result.posterior, row_counts[span], result.status
                    )
                )
                done += len(block.agent)
                report("fusing", done, self._rows.rows)
            writer.finish()
        except BaseException:
            writer.abandon()
            raise
