"""Which runs of an agent will fail, told by a judge's scores while they go on, with a promise.

A run has a judge's score for each step, 0 to 1, high is good, and in the end was solved or not.
Ways to flag runs are compared at the same promised share of false alarms, ours and those of the
package e-valuator: what share of the solved runs they flag, what share of the unsolved ones they
find, and what share of the steps of unsolved runs comes after the alarm. No run is judged by a
model that has seen it.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from consilience.errors import BadInput
from consilience.monitor.promises import exact_number

from .comparison import METHODS, Cell, Share, compared, verdicts_of
from .judged_runs import BUNDLED, JudgedRun, read_runs
from .many_runs import LATER, Span, alarms_over_time

__all__ = ["Compared", "compare_file", "main"]

_EXAMPLES = """\
examples:
  python -m examples.judges_scores                       # the bundled files (four minutes)
  python -m examples.judges_scores runs.csv --json       # a row a step: run,step,score,solved
  python -m examples.judges_scores runs.csv --levels 0.01,0.05 --folds 10
"""
_SEEDS, _JUDGED = 10, 3000
LEVELS = "0.05,0.1,0.2"
FOLDS = 5
_OVER_TIME = (
    "conformal rank: sum of doubt",
    "e-valuator, PAC",
    "e-valuator, Ville",
    "e-valuator, RandVille",
)
"""Methods for single runs that are told over many runs, too."""


@dataclass(frozen=True)
class Compared:
    """What came of a file.

    Parameters
    ----------
    name : str
    runs : list of JudgedRun
    seeds : int
        How often each run was judged, by other training runs.
    folds : int
    cells : list of Cell
    spans : list of Span
    """

    name: str
    runs: list[JudgedRun]
    seeds: int
    folds: int
    cells: list[Cell]
    spans: list[Span]


def compare_file(
    path: Path, levels: list[Fraction], seeds: int | None, folds: int, console: Console
) -> Compared:
    """Return what came of a file; see `main` for what seeds are by default."""
    runs = read_runs(path)
    times = seeds or min(_SEEDS, max(1, _JUDGED // len(runs)))
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(path.name, total=times * folds)
        told = verdicts_of(runs, METHODS, levels, times, folds, lambda: progress.advance(task))
    flags = {
        (method.name, level): told.first[place, ..., number] > 0
        for place, method in enumerate(METHODS)
        for number, level in enumerate(levels)
        if method.name in _OVER_TIME and None in told.lacking[place][number]
    }
    cells = compared(runs, METHODS, levels, told)
    return Compared(path.name, runs, times, folds, cells, alarms_over_time(runs, levels, flags))


def _levels(text: str) -> list[Fraction]:
    levels = [exact_number(one.strip(), "--levels") for one in text.split(",")]
    if not all(0 < one < 1 for one in levels) or len(set(levels)) < len(levels):
        raise BadInput(f"--levels {text}: different shares between 0 and 1, as {LEVELS}")
    return levels


def _share(one: Share | None) -> list[float] | None:
    return None if one is None else [round(value, 6) for value in one]


def _as_value(one: Compared) -> dict[str, Any]:
    return {
        "file": one.name,
        "solved": sum(run.solved for run in one.runs),
        "unsolved": sum(not run.solved for run in one.runs),
        "seeds": one.seeds,
        "folds": one.folds,
        "single_runs": [
            {
                "method": cell.method,
                "level": float(cell.level),
                "false_alarms": _share(cell.false),
                "found": _share(cell.found),
                "steps_saved": _share(cell.saved),
                "cannot_alarm": cell.lacking,
                "folds_that_cannot": float(cell.lacking_folds),
            }
            for cell in one.cells
        ],
        "many_runs": [
            {
                "method": span.method,
                "scenario": span.scenario,
                "level": float(span.level),
                "alarmed": _share(span.alarmed),
                "delay_runs": span.delay,
                "alarmed_before": _share(span.early),
            }
            for span in one.spans
        ],
    }


def _text(one: Share) -> str:
    return f"{one.share:.3f} ({one.low:.3f}-{one.high:.3f})"


def _show(one: Compared) -> None:
    solved = sum(run.solved for run in one.runs)
    print(
        f"{one.name}: {solved:,} solved runs, {len(one.runs) - solved:,} unsolved; {one.folds} "
        f"folds, each run judged {one.seeds} times; shares with 95 % limits\n"
    )
    print(f"{'level':>6}  {'':58}{'flagged, of solved':22}{'found, of unsolved':22}steps saved")
    for cell in one.cells:
        line = f"{float(cell.level):6g}  {cell.method:58}"
        if cell.lacking_folds == 1:
            print(f"{line}none: {cell.lacking}")
        else:
            print(
                line + "".join(f"{_text(its):22}" for its in (cell.false, cell.found, cell.saved))
            )
    heading = f"{'over many runs of one agent':34}{'what it does':34}alarmed within {LATER}"
    print(f"\n{'level':>6}  {heading}")
    for span in one.spans:
        delay = "" if span.delay is None else f"  after {span.delay:.1f} runs"
        line = f"{float(span.level):6g}  {span.method:34}{span.scenario:34}"
        print(f"{line}{_text(span.alarmed)}{delay}")
    print()


def main(arguments: list[str] | None = None) -> int:
    """Run the program; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.judges_scores",
        description=__doc__,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="CSV, Parquet or JSON lines, a row a step: run (or uq_problem_idx), step (or "
        "num_steps), score (or judge_probability; 0 to 1), solved (True or False); default: the "
        "bundled files",
    )
    parser.add_argument(
        "--levels", default=LEVELS, help="promised shares of false alarms (default: %(default)s)"
    )
    parser.add_argument(
        "--seeds",
        type=int,
        help="how often each run is judged, by other training runs; default: "
        f"{_SEEDS}, fewer where that is more than {_JUDGED:,} runs",
    )
    parser.add_argument(
        "--folds", type=int, default=FOLDS, help="parts of a file (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument(
        "--page", type=Path, help="folder to write judges_scores.md and its picture to"
    )
    chosen = parser.parse_args(arguments)
    try:
        return _run(chosen)
    except BadInput as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _run(chosen: argparse.Namespace) -> int:
    levels = _levels(chosen.levels)
    if chosen.folds < 2 or (chosen.seeds is not None and chosen.seeds < 1):
        raise BadInput("--folds is at least 2, --seeds at least 1")
    if chosen.page is not None and not chosen.page.is_dir():
        raise BadInput(f"--page {chosen.page}: no folder; make it first")
    paths = chosen.files or list(BUNDLED)
    for path in paths:  # what is wrong is said before the minutes that the others take
        runs = read_runs(path)
        solved = sum(run.solved for run in runs)
        least = min(solved, len(runs) - solved)
        if chosen.folds > least:
            raise BadInput(
                f"--folds {chosen.folds}: {path} has {solved} solved and {len(runs) - solved} "
                f"unsolved runs; at most {least}"
            )
    console = Console(stderr=True)
    found = [compare_file(path, levels, chosen.seeds, chosen.folds, console) for path in paths]
    if chosen.json:
        print(json.dumps([_as_value(one) for one in found], indent=1))
    else:
        for one in found:
            _show(one)
    if chosen.page is not None:
        # Pages need packages that figures do not.
        from .page import write_page

        write_page(chosen.page, found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
