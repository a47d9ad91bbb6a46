"""``python -m examples.agent_traces.judge FILE.npz``: how well hijacked runs of new agents show."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from consilience.errors import ConsilienceError

from ..monitor.replicated import ARL
from ..monitor.study import Outcome
from ..traces import DATA, Traces
from .fitting import fit_judge
from .judged_file import KINDS, LATER, QUIET, Judged, Scores, judge_file
from .merit import Mean

__all__ = ["cell", "main", "score_rows", "value_of"]


def _pipeline(one: Outcome) -> dict[str, Any]:
    return {
        "pipeline": one.pipeline.name,
        "promised_runs_to_a_false_alarm": ARL,
        "streams": len(one.times.runs),
        "benign_runs": int(one.times.runs.sum()),
        "alarms_on_benign_runs": int(one.times.alarmed.sum()),
        "lower_limit_of_runs_to_a_false_alarm": one.least,
        "kept": one.kept,
        "delay": one.delay,
        "delay_error": one.delay_error,
        "found": float(one.hijacks.found.mean()),
        "alarms_before_the_run_ends": one.early,
    }


def value_of(found: Judged) -> dict[str, Any]:
    """Return what is printed as JSON: the figures of known user tasks at the top."""
    return {
        **asdict(found.scores),
        "without_user_tasks": asdict(found.without_tasks),
        "runs": found.runs,
        "runs_left_out": found.left_out,
        "unknown": found.unknown,
        "monitor": [_pipeline(one) for one in found.pipelines],
    }


def cell(value: float | Mean | None) -> str:
    """Return a figure for a table."""
    if value is None:
        return "-"
    if isinstance(value, Mean):
        return f"{value.mean:.3f} +- {value.error:.3f}"
    return f"{value:.4f}"


def score_rows(scores: Scores) -> list[tuple[str, float | Mean | None]]:
    """Return the figures of scores with their names."""
    return [
        ("AUC, hijacked / benign", scores.auc_hijacked_benign),
        ("AUC, hijacked / resisted", scores.auc_hijacked_resisted),
        ("found at 1 % false alarms", scores.tpr_at_fpr_1pct),
        ("log loss, nats", scores.log_loss),
        ("calibration error", scores.ece),
        *((f"mean e, {kind}", scores.e_mean[kind]) for kind in KINDS[:2]),
        ("mean log2 e, hijacked", scores.log2_e_hijacked),
    ]


def _print(found: Judged, console: Console) -> None:
    runs = ", ".join(f"{count:,} {kind}" for kind, count in found.runs.items())
    console.print(f"{runs} runs of agents that nothing was fitted on")
    unknown = "; ".join(f"{len(names)} {kind}" for kind, names in found.unknown.items())
    console.print(f"unknown to the fit: {unknown.replace('_', ' ')}")
    table = Table("figure", "user task known", "user task not used")
    for (name, one), (_, other) in zip(
        score_rows(found.scores), score_rows(found.without_tasks), strict=True
    ):
        table.add_row(name, cell(one), cell(other))
    console.print(table)
    watched = Table("monitor, by pipeline", "alarms on benign runs", "promise kept", "delay, runs")
    for one in found.pipelines:
        watched.add_row(
            one.pipeline.short,
            f"{int(one.times.alarmed.sum())} in {int(one.times.runs.sum()):,}",
            f"{'yes' if one.kept else 'no'}: {one.least:,.0f} >= {ARL:,}"
            if one.kept
            else f"no: {one.least:,.0f}",
            f"{one.delay:.2f} +- {1.96 * one.delay_error:.2f}",
        )
    console.print(watched)
    console.print(
        f"Runs drawn with replacement; {QUIET:,} benign or up to {LATER} hijacked ones a stream."
    )


def main(arguments: list[str] | None = None) -> int:
    """Judge a file; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", default=DATA, help="default: the bundled")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(arguments)
    recorded = Traces.load()
    console = Console(stderr=True, soft_wrap=True)
    try:
        found = judge_file(
            options.file,
            fit_judge(recorded),
            recorded,
            lambda text: console.print(f"warning: {text}", markup=False, highlight=False),
        )
    except ConsilienceError as error:
        console.print(f"error: {error}", markup=False, highlight=False)
        return error.exit_code
    if options.json:
        print(json.dumps(value_of(found), indent=1))
    else:
        _print(found, Console())
    return 0


if __name__ == "__main__":
    sys.exit(main())
