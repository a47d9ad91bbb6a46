"""From traces in a file to verdicts: eight held-out agents, two of them hijacked from a day on."""

from dataclasses import dataclass
from json import dumps
from pathlib import Path

import numpy as np

from consilience.models.check_page import check_page
from consilience.models.checking import CheckOptions, CheckResult, check_runs
from consilience.models.fitting import fit_model
from consilience.models.runs import read_runs

from .traces import Traces

__all__ = ["Checked", "check_agents", "write_calls"]

HISTORY = 77
"""Good runs of each agent in the baseline; the other 20 are of today."""
HIJACKED = 20
_SEED = 5
_LEAST = 90, 20
"""Benign and hijacked runs of an agent that takes part."""


@dataclass(frozen=True)
class Checked:
    """A check of files that were written for it.

    Parameters
    ----------
    hijacked : tuple of str
        The agents whose later runs of today are hijacked ones.
    result : CheckResult
    fitted, good, today, report : Path
    """

    hijacked: tuple[str, ...]
    result: CheckResult
    fitted: Path
    good: Path
    today: Path
    report: Path


def write_calls(traces: Traces, runs: list[tuple[str, int]], path: Path) -> None:
    """Write runs as JSON lines, a call each; a run without calls is a line without a tool.

    Parameters
    ----------
    traces : Traces
    runs : list of (str, int)
        The name of each, and its place.
    path : Path
    """
    lines = []
    for name, run in runs:
        calls = slice(traces.indptr[run], traces.indptr[run + 1])
        tools: list[str | None] = [traces.tools[tool] for tool in traces.tool[calls]]
        failed = [bool(one) for one in traces.error[calls]]
        for tool, error in zip(tools or [None], failed or [False], strict=True):
            call = {"agent": str(traces.agent[run]), "run": name, "tool": tool, "error": error}
            lines.append(dumps(call) + "\n")
    path.write_text("".join(lines), encoding="utf-8")


def check_agents(traces: Traces, folder: Path) -> Checked:
    """Write good runs and today's of the held-out agents, and check them.

    The model is fitted on good runs of GPT and Claude. All draws have a fixed seed; nothing is
    drawn twice.

    Parameters
    ----------
    traces : Traces
    folder : Path
        Of the files that are written.
    """
    rng = np.random.default_rng(_SEED)
    benign, hijacked = (traces.runs((label,), test=True) for label in ("benign", "hijacked"))
    agents = [
        str(agent)
        for agent in np.unique(traces.agent[benign])
        if (traces.agent[benign] == agent).sum() >= _LEAST[0]
        and (traces.agent[hijacked] == agent).sum() >= _LEAST[1]
    ]
    bad = tuple(agents[2::3])
    good_runs, new_runs = [], []
    for agent in agents:
        drawn = rng.permutation(benign[traces.agent[benign] == agent])
        good_runs += [(f"good-{n}", int(run)) for n, run in enumerate(drawn[:HISTORY])]
        new_runs += [(f"today-{n}", int(run)) for n, run in enumerate(drawn[HISTORY:])]
        if agent in bad:
            drawn = rng.permutation(hijacked[traces.agent[hijacked] == agent])[:HIJACKED]
            new_runs += [(f"hijacked-{n}", int(run)) for n, run in enumerate(drawn)]
    names = ("fitted.jsonl", "good.jsonl", "today.jsonl", "check.html")
    fitted, good, today, report = (folder / name for name in names)
    others = [(f"run-{run}", int(run)) for run in traces.runs(("benign",), test=False)]
    write_calls(traces, others, fitted)
    write_calls(traces, good_runs, good)
    write_calls(traces, new_runs, today)
    model = fit_model(read_runs([fitted]), "chain", None)
    result = check_runs(read_runs([today]), read_runs([good]), CheckOptions(seed=_SEED), model)
    report.write_text(check_page(result), encoding="utf-8")
    return Checked(bad, result, fitted, good, today, report)
