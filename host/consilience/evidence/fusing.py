"""From an evidence file to a file of posteriors, in chunks, through any device."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from consilience.devices.device import Device
from consilience.errors import BadInput
from consilience.evidence.chunks import Chunk, EvidenceChunks, ReadingOptions
from consilience.evidence.grouping import Block, RowGrouping
from consilience.evidence.prior import codes_of_prior, parse_prior
from consilience.evidence.results import ResultTable
from consilience.evidence.writing import ResultFile
from consilience.explain.moves import moved_by
from consilience.verdicts.costs import Costs, parse_costs
from consilience.verdicts.decisions import UNDECIDED, DecisionRule

__all__ = ["FuseOptions", "FuseSummary", "Fusion", "Progress"]

Progress = Callable[[str, int, int], None]
"""Called as progress(stage, done, total); the stages are ``reading`` and ``fusing``."""


@dataclass(frozen=True)
class FuseOptions(ReadingOptions):
    """How an evidence file is to be fused and how much memory it may take.

    Parameters
    ----------
    prior : str or None
        As `parse_prior` takes it.
    bucket_rows : int
        Rows held in memory while grouping; more go to temporary files. `chunk_rows` are sent to
        the device at a time.
    spill_directory : Path or None
        Where those files go; None: beside the output.
    overwrite : bool
        Replace an existing output.
    costs : str or None
        As `parse_costs` takes them.
    benign : str or None
        The hypothesis that all is well; decisions for another flag an agent.
    tie : str
        What two equals give: "undecided", "review" or a hypothesis.
    decide : str or None
        As `DecisionRule.of` takes it.
    moved_by : int
        So many rows of each agent that is not benign are named; 0: there is no such column.
    """

    prior: str | None = None
    bucket_rows: int = 1 << 20
    spill_directory: Path | None = None
    overwrite: bool = False
    costs: str | None = None
    benign: str | None = None
    tie: str = UNDECIDED
    decide: str | None = None
    moved_by: int = 0


@dataclass(frozen=True)
class FuseSummary:
    """What a run did.

    `decisions` counts agents by decision, `decided_by` says how, `ties` counts those between
    equals; `spilled_rows` went over the disk; `reporters` says what was found of those.
    """

    out: str
    device: str
    rows: int
    agents: int
    hypotheses: tuple[str, ...]
    prior: tuple[float, ...]
    prior_codes: tuple[int, ...]
    decisions: dict[str, int]
    decided_by: str
    ties: int
    saturated_values: int
    impossible_agents: int
    clamped_agents: int
    spilled_rows: int
    seconds: float
    warnings: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    reporters: dict[str, Any] | None = None


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
        self._block_rows = options.chunk_rows
        spill = options.spill_directory or out.parent
        with contextlib.ExitStack() as stack:
            self._chunks = stack.enter_context(EvidenceChunks(evidence, options))
            names = self._chunks.hypotheses
            self.prior = parse_prior(options.prior, names)
            costs = None if options.costs is None else parse_costs(options.costs)
            self._rule = self._rule_of(names, costs, options)
            self._prior_codes = codes_of_prior(self.prior)
            beside = self._prepare(options)
            with contextlib.suppress(OSError):  # no such file, as it should be
                if out.samefile(evidence):
                    raise BadInput(f"{out}: is the evidence itself; choose another --out")
            self._out = stack.enter_context(ResultFile(out, overwrite=options.overwrite))
            if not spill.is_dir():
                raise BadInput(f"{spill}: no such folder; make it or choose another --spill-dir")
            self._rows = RowGrouping(
                len(names),
                weighted=self._chunks.weighted,
                bucket_rows=options.bucket_rows,
                directory=spill,
                beside=beside,
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
        chunks = self._chunks
        chunks.check_device(device.info)
        report = progress or (lambda stage, done, total: None)
        for chunk in chunks:
            self._rows.add(chunk.agent, chunk.codes, chunk.weight, **self._beside(chunk))
            report("reading", *chunks.progress())
        ids, rank = chunks.agents.sorted()
        done = 0
        for block in self._rows.blocks(rank, self._block_rows):
            agents = ids[block.first : block.first + len(block.offsets) - 1]
            self._out.write(self._judged(device, block, agents))
            done += len(block.codes)
            report("fusing", done, chunks.rows)
        self._out.commit()
        return FuseSummary(
            out=str(self._out.path),
            device=device.info.url,
            rows=chunks.rows,
            agents=len(chunks.agents),
            hypotheses=chunks.hypotheses,
            prior=self.prior,
            prior_codes=tuple(self._prior_codes.tolist()),
            **self._counts(),
            saturated_values=chunks.saturated,
            spilled_rows=self._rows.spilled_rows,
            seconds=time.perf_counter() - start,
            warnings=chunks.warnings,
            unused=chunks.unused,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _rule_of(
        self, names: tuple[str, ...], costs: Costs | None, options: FuseOptions
    ) -> DecisionRule:
        return DecisionRule.of(names, costs, options.benign, options.tie, options.decide)

    def _prepare(self, options: FuseOptions) -> dict[str, str]:
        """Make the table of results; return what is to be kept of each row beside its codes."""
        names = self._chunks.hypotheses
        if options.moved_by and self._rule.benign is None:
            raise BadInput(
                "--moved-by names rows of agents that are not benign; name the hypothesis that "
                f"all is well with --benign ({', '.join(names)})"
            )
        self._moved_by = options.moved_by
        self._results = ResultTable(
            options.agent_column, names, self._rule, moved=bool(options.moved_by)
        )
        return {"row": "<u8"} if options.moved_by else {}

    def _beside(self, chunk: Chunk) -> dict[str, NDArray[Any]]:
        """Return what is kept of a chunk's rows."""
        return {"row": np.arange(self._chunks.rows - len(chunk.agent), self._chunks.rows) + 1}

    def _judged(self, device: Device, block: Block, agents: pa.Array) -> pa.RecordBatch:
        """Return the results of a block, whose agents these are."""
        prior = self._prior_codes
        # The rows are grouped and checked: `Device.posterior` would do both once more.
        posterior, status = device.posteriors(block.codes, block.offsets, prior, block.weight)
        moved = None
        if self._moved_by:
            moved = moved_by(
                block.codes,
                block.weight,
                block.offsets,
                block.beside["row"],
                posterior,
                prior,
                self._rule,
                self._moved_by,
            )
        return self._results.batch(agents, posterior, np.diff(block.offsets), status, moved)

    def _counts(self) -> dict[str, Any]:
        """Return the counts of the summary."""
        return {
            "decisions": self._results.decisions,
            "decided_by": str(self._rule),
            "ties": self._results.ties,
            "impossible_agents": self._results.impossible,
            "clamped_agents": self._results.clamped,
        }
