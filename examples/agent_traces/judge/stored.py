"""The judge, fitted before: ``python -m examples.agent_traces.judge.stored`` writes it.

``fitted.json`` has weights, lines and bets of `fit_judge`. Chains are counted anew from the
traces, which takes a second. A file of another choice is refused.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from consilience.errors import BadInput

from ..selection import FITTING_LABELS, Selection
from ..traces import Traces
from .calibration import Lines
from .call_ratios import fit_call_ratios
from .fitting import choice, chosen_config, fit_judge
from .run_judge import Bet, Part, RunJudge

__all__ = ["FITTED", "part_of", "stored_judge", "value_of_part"]

FITTED = Path(__file__).with_name("fitted.json")


def value_of_part(part: Part) -> dict[str, Any]:
    """Return a part as JSON."""
    return {
        "columns": list(part.columns),
        "weights": part.weights.tolist(),
        "suite_offsets": dict(part.suite_offsets),
        "lines": {"common": part.lines.common, "of_suite": dict(part.lines.of_suite)},
        "bet": {"scale": part.bet.scale, "power": part.bet.power, "most": part.bet.most},
    }


def part_of(value: dict[str, Any]) -> Part:
    """Return the part of `value_of_part`."""
    slope, intercept = value["lines"]["common"]
    lines = {name: (a, b) for name, (a, b) in value["lines"]["of_suite"].items()}
    return Part(
        tuple(value["columns"]),
        np.array(value["weights"], np.float64),
        value["suite_offsets"],
        Lines((slope, intercept), lines),
        Bet(**value["bet"]),
    )


def stored_judge(traces: Traces, path: Path = FITTED) -> RunJudge:
    """Return the judge that `fit_judge` gave when the file was written.

    Parameters
    ----------
    traces : Traces
        The bundled ones.
    path : Path

    Raises
    ------
    BadInput
        It was fitted by another choice than the committed one.
    """
    value = json.loads(path.read_text(encoding="utf-8"))
    if value["choice"] != _chosen():
        raise BadInput(
            f"{path}: fitted by another choice; run `python -m examples.agent_traces.judge.stored`"
        )
    fitting = traces.runs(FITTING_LABELS, test=False)
    ratios = fit_call_ratios(traces, fitting, chosen_config(), Selection.load().detector)
    return RunJudge(ratios, part_of(value["known"]), part_of(value["new"]))


def _chosen() -> dict[str, Any]:
    record = choice()
    return {"chains": record["chosen"], "calibration": record["calibration"]["chosen"]}


def _write() -> None:
    judge = fit_judge(Traces.load())
    value = {
        "choice": _chosen(),
        "known": value_of_part(judge.known),
        "new": value_of_part(judge.new),
    }
    FITTED.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _write()
