"""`fuse` with reporters of whom some lie: from an evidence file to a file of robust decisions."""

import dataclasses
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from statistics import median_high
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from consilience.devices.device import Device
from consilience.errors import BadInput
from consilience.evidence.chunks import Chunk
from consilience.evidence.fusing import FuseOptions, Fusion
from consilience.evidence.grouping import Block
from consilience.evidence.validation import Rows
from consilience.monitor.promises import exact_number
from consilience.reporters.judging import ReporterJudge
from consilience.reporters.reports import reports_of
from consilience.verdicts.costs import Costs
from consilience.verdicts.decisions import MOST_PROBABLE, DecisionRule
from consilience_hw.spec.number_formats import CLIP_BIN, MAX_UNIT, ONE

__all__ = ["ReporterFusion", "ReporterOptions", "refuse_device"]


@dataclass(frozen=True)
class ReporterOptions(FuseOptions):
    """How evidence by reporters is to be fused.

    Parameters
    ----------
    faulty : int
        f: so many of an agent's reporters may lie; each agent has more than 3 f.
    reporter_column : str
        Who says a row.
    clip : str
        In bits: what one reporter can say of an agent at most.
    """

    faulty: int = 0
    reporter_column: str = "reporter"
    clip: str = "1"


class ReporterFusion(Fusion):
    """One run, as `Fusion`; the output has `ReporterJudge`'s columns.

    Raises
    ------
    BadInput
        As `Fusion`; and a reporter that is missing, a clip that is none, an agent with 3 f
        reporters or fewer.
    """

    def __init__(self, evidence: Path, out: Path, options: ReporterOptions) -> None:
        self._reporter_options = options
        self._path, self._numbers = evidence, dict[Any, int]()
        named = (("--reporter-column", options.reporter_column),)
        super().__init__(evidence, out, dataclasses.replace(options, others=named))

    def _rule_of(
        self, names: tuple[str, ...], costs: Costs | None, options: FuseOptions
    ) -> DecisionRule:
        if options.decide not in (None, MOST_PROBABLE):
            raise BadInput(
                "--decide is a probability, and --faulty makes none that holds whoever lies; leave "
                "it out, or give --cost"
            )
        decide = MOST_PROBABLE if costs is None else options.decide
        return DecisionRule.of(names, costs, options.benign, options.tie, decide)

    def _prepare(self, options: FuseOptions) -> dict[str, str]:
        own = self._reporter_options
        if own.moved_by:
            raise BadInput(
                "--moved-by names rows of a posterior, and --faulty makes none; use one of them"
            )
        clip = _clip_of(own.clip)
        self._unit = clip // CLIP_BIN
        self._judge = ReporterJudge(
            options.agent_column, self._rule, self._prior_codes, own.faulty, clip
        )
        return {"reporter": "<u4"}

    def _beside(self, chunk: Chunk) -> dict[str, NDArray[Any]]:
        """Return the number of each row's reporter."""
        name = self._reporter_options.reporter_column
        rows = Rows(self._path, self._chunks.rows - len(chunk.agent) + 1)
        (column,) = chunk.others
        kind = column.type
        if pa.types.is_dictionary(kind):
            column = column.dictionary_decode()
            kind = column.type
        if column.null_count:
            index = int(pc.index(pc.is_null(column), True).as_py())
            raise rows.fault(index, name, "no reporter; every row needs one")
        if not (
            pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)
        ):
            raise BadInput(
                f"{self._path}: column {name!r} holds {kind}; reporters are integers or text, "
                "convert the column"
            )
        encoded = column.dictionary_encode()
        try:
            distinct = encoded.dictionary.to_pylist()
        except UnicodeDecodeError:
            raise BadInput(
                f"{self._path}: column {name!r} holds text that is not UTF-8; write it as such"
            ) from None
        if "" in distinct:
            index = int(pc.index(encoded.indices, distinct.index("")).as_py())
            raise rows.fault(index, name, "no reporter; every row needs one")
        numbers = [self._numbers.setdefault(one, len(self._numbers)) for one in distinct]
        found = np.array(numbers, np.uint32)[encoded.indices.to_numpy(zero_copy_only=False)]
        return {"reporter": found}

    def _judged(self, device: Device, block: Block, agents: pa.Array) -> pa.RecordBatch:
        refuse_device(device.info.url)
        reports = reports_of(block.codes, block.weight, block.offsets, block.beside["reporter"])
        judged = self._judge.judge(reports, len(agents), agents)
        return self._judge.batch(agents, np.diff(block.offsets), judged)

    def _counts(self) -> dict[str, Any]:
        judge, options = self._judge, self._reporter_options
        names = [str(name) for name in self._numbers]
        contradicting = judge.reputations.contradicting(names, self._unit)
        return {
            "decisions": judge.decisions,
            "decided_by": f"{self._rule}, if it holds whichever {options.faulty} lie",
            "ties": 0,
            "impossible_agents": 0,
            "clamped_agents": 0,
            "reporters": {
                "faulty": options.faulty,
                "clip_bits": self._unit * CLIP_BIN / ONE,
                "reporters": len(names),
                "undecided_lean": judge.leanings,
                "reporters_needed_median": median_high(judge.needed) if judge.needed else None,
                "contradicting": [one.as_json() for one in contradicting],
            },
        }


def refuse_device(url: str) -> None:
    """Raise BadInput unless it is the cpu: reports are counted there."""
    if url != "cpu":
        raise BadInput(f"--faulty counts reports on the cpu, not on {url}; leave --device out")


def _clip_of(text: str) -> int:
    """Return a clip in ulp; BadInput unless it is a multiple of 2**-9 bit in the range."""
    ulps: Fraction = exact_number(text, "--clip") * ONE
    if ulps.denominator != 1 or ulps % CLIP_BIN or not CLIP_BIN <= ulps <= CLIP_BIN * MAX_UNIT:
        raise BadInput(f"--clip {text}: give bits, a multiple of 1/512 up to 32768, as 1 or 0.5")
    return int(ulps)
