"""``python -m examples.agent_traces.judge.page``: docs/hijacked_runs.md and its picture."""

import argparse
import sys
import time
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import Progress

from consilience_tools.pages.stamp import stamped
from consilience_tools.pages.svg import BLUE, GREEN, ORANGE, plot, svg
from consilience_tools.pages.templates import rendered

from ..monitor.replicated import ARL
from ..traces import DATA, Traces
from .__main__ import cell, score_rows
from .fitting import choice, fit_judge
from .hiding import MOST_SHOWN, Hiding, hide
from .judged_file import LATER, QUIET, STREAMS, Judged, judge_file, judged_runs
from .run_judge import RunJudge

__all__ = ["PAGE", "PICTURE", "hiding_figure", "hiding_rows", "judge_page", "main"]

PAGE = "hijacked_runs.md"
PICTURE = "hijacked_runs.svg"
_BEST_SHOWN = 6


def hiding_rows(hidings: tuple[Hiding, ...]) -> list[str]:
    """Return the rows of the attacker's table."""
    rows = []
    for one in hidings:
        cells = [f"{100 * one.rate:.0f} %"]
        cells += [f"{100 * one.found(calls):.1f}" for calls in range(MOST_SHOWN + 1)]
        cells += [f"{100 * one.found(None):.1f}"]
        rows.append("| " + " | ".join(cells) + " |")
    return rows


def _draw(axes: Axes, hidings: tuple[Hiding, ...]) -> None:
    calls = list(range(MOST_SHOWN + 1))
    for one, colour, stroke in zip(hidings, (BLUE, ORANGE, GREEN), ("-", "--", ":"), strict=True):
        found = [100 * one.found(number) for number in calls] + [100 * one.found(None)]
        label = f"{100 * one.rate:.0f} % false alarms"
        axes.plot([*calls, MOST_SHOWN + 1], found, stroke, marker="o", color=colour, label=label)
    axes.set(
        xlabel="harmless calls that the attacker puts in",
        ylabel="hijacked runs found, %",
        title="The worst case: judge and threshold are known to the attacker",
        ylim=(0, 100),
    )
    axes.set_xticks([*calls, MOST_SHOWN + 1], [*map(str, calls), "any"])
    axes.legend()


def hiding_figure(hidings: tuple[Hiding, ...]) -> Figure:
    """Draw what is found against the number of padding calls."""
    with plot(8, 4.5) as (figure, axes):
        _draw(axes, hidings)
    return figure


def _watched_rows(found: Judged) -> list[str]:
    return [
        f"| {one.pipeline.short} | {int(one.times.alarmed.sum())} in "
        f"{int(one.times.runs.sum()):,} | {one.least:,.0f} | {'yes' if one.kept else '**no**'} | "
        f"{one.delay:.2f} | {1.96 * one.delay_error:.2f} |"
        for one in found.pipelines
    ]


def judge_page(found: Judged, hidings: tuple[Hiding, ...], judge: RunJudge, seconds: float) -> str:
    """Return the page in Markdown."""
    record = choice()
    figures = [
        f"| {name} | {cell(one)} | {cell(other)} |"
        for (name, one), (_, other) in zip(
            score_rows(found.scores), score_rows(found.without_tasks), strict=True
        )
    ]
    return rendered(
        Path(__file__).with_name("page.md.j2"),
        picture=PICTURE,
        runs=found.runs,
        figures=figures,
        bet=judge.known.bet,
        chosen=record["chosen"],
        candidates=sorted(record["candidates"], key=lambda one: -one["mean_auc"])[:_BEST_SHOWN],
        tried=len(record["candidates"]),
        calibration=record["calibration"]["chosen"],
        lines_tried=len(record["calibration"]["candidates"]),
        hidings=hidings,
        hiding_rows=hiding_rows(hidings),
        calls=list(range(MOST_SHOWN + 1)),
        watched=_watched_rows(found),
        delay=sum(one.delay for one in found.pipelines) / len(found.pipelines),
        arl=f"{ARL:,}",
        streams=STREAMS,
        quiet=f"{QUIET:,}",
        later=LATER,
        seconds=f"{seconds:.0f}",
    )


def main(arguments: list[str] | None = None) -> int:
    """Write page and picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder of page and picture")
    options = parser.parse_args(arguments)
    start = time.process_time()
    recorded = Traces.load()
    judge = fit_judge(recorded)
    found = judge_file(DATA, judge, recorded, print)
    runs, _ = judged_runs(recorded, recorded)
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("user tasks attacked", total=None)
        hidings = hide(judge, recorded, recorded, runs, lambda: bar.advance(task))
    seconds = time.process_time() - start
    text = stamped(judge_page(found, hidings, judge, seconds), PAGE)
    (options.out / PAGE).write_text(text, encoding="utf-8")
    (options.out / PICTURE).write_text(svg(hiding_figure(hidings)), encoding="utf-8")
    print(f"{options.out / PAGE}; {seconds:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
