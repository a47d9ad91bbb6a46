"""docs/partition.md and its plot from a run."""

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from consilience_tools.pages.stamp import stamped
from consilience_tools.pages.svg import BLUE, GREY, ORANGE, drawing, svg
from consilience_tools.pages.templates import rendered
from tests.campaigns.partition.history import History
from tests.campaigns.partition.nemeses import NEMESES

__all__ = ["COLUMNS", "plot", "row", "write_page"]

COLUMNS = (
    "nemesis",
    "reads",
    "per node",
    "failed",
    "worst (ms)",
    "oldest (s)",
    "fresh after (s)",
    "decided",
    "digests",
    "C1",
    "C2",
    "C3",
    "C4",
    "C5",
    "C6",
)
_PLOTTED = "minority third"
_TOLD = ("seconds", "nodes", "sites", "slower", "deadline", "up_s", "mb_per_node", "processor_min")


def row(result: dict[str, Any]) -> list[str]:
    """Return the cells of a nemesis."""
    return [
        result["name"],
        f"{result['reads']:,}",
        str(result["per_node"]),
        str(result["failed"]),
        f"{result['worst_ms']:.0f}",
        f"{result['oldest_s']:.1f}",
        f"{result['fresh_after_s']:.2f}",
        f"{100 * result['decided']:.0f} %",
        str(result["digests"]),
        *(str(result["findings"][name]["violations"]) for name in COLUMNS[-6:]),
    ]


def write_page(report: dict[str, Any], history: History, docs: Path) -> None:
    """Write partition.md and partition.svg of a run."""
    nemeses, image = report["nemeses"], ""
    figure = plot(history)
    if figure is not None:
        (docs / "partition.svg").write_text(svg(figure))
        image = f"![Ages on both sides of the cut, {_PLOTTED}](partition.svg)"
    failed = sum(one["failed"] for one in nemeses)
    reads = sum(one["reads"] for one in nemeses)
    cases = {
        name.lower(): sum(one["findings"][name]["cases"] for one in nemeses)
        for name in COLUMNS[-6:]
    }
    bound = f"; if reads fail independently, with 95 % confidence fewer than {3 / reads:.0e} do"
    done = {one["name"] for one in nemeses}
    slower = report["slower"]
    text = rendered(
        Path(__file__).with_name("partition.md.j2"),
        verdict="everything held" if report["holds"] else "NOT everything held",
        commit=_commit(),
        plot=image,
        table=_markdown(COLUMNS, [row(one) for one in nemeses]),
        reads=reads,
        failed=failed,
        three="" if failed else bound,
        legend="\n".join(f"| {one.name} | {one.what} |" for one in NEMESES if one.name in done),
        planted=_planted(report["planted"]),
        history=report["history_sha256"],
        checkers=report["checkers_sha256"],
        **cases,
        command="make partition" + (f" SLOWER={slower}" if slower > 1 else ""),
        pace_s=f"{history.settings['pace_s']:g}",
        fresh_s=f"{report['fresh_s']:g}",
        grace_s=f"{history.settings['grace_ms'] / 1e3:g}",
        greatest_s=f"{history.settings['max_age_ms'] / 1e3:g}",
        **{name: report[name] for name in _TOLD},
    )
    (docs / "partition.md").write_text(stamped(text, "partition.md"))


def plot(history: History) -> Figure | None:
    """Return the oldest age that nodes on both sides of the cut report, over time."""
    found = [event for event in history.events if event.get("nemesis") == _PLOTTED]
    span = next((event for event in found if event["type"] == "nemesis"), None)
    if span is None:
        return None
    reads, start, end = history.reads, span["start"], span["end"]
    rows = np.flatnonzero(reads.answered & (reads.due >= start) & (reads.due < span["final"]))
    nodes, sites = history.settings["nodes"], history.settings["sites"]
    third = -(-nodes * (sites // 3) // sites)  # nodes of the first third of the sites
    minority, ages = reads.node[rows] <= third, reads.shards["ages"][rows] / 1e3
    seconds = (reads.t[rows] - start) / 1e9
    lines = (
        ("minority, of the majority's shards", minority, ages[:, third:], ORANGE, "-"),
        ("majority, of the minority's shards", ~minority, ages[:, :third], BLUE, "--"),
        ("majority, of its own side's shards", ~minority, ages[:, third:], GREY, ":"),
    )
    with drawing():
        figure = Figure(figsize=(7, 3), layout="constrained")
        axes = figure.subplots()
        for label, who, what, colour, stroke in lines:
            x, y = _oldest(seconds[who], what[who].max(axis=1))
            axes.plot(x, y, stroke, color=colour, label=label)
        axes.axvspan(0, (end - start) / 1e9, color="#f3f3f3", zorder=0)
        axes.set_xlabel("seconds since the cut (grey: cut)")
        axes.set_ylabel("oldest age (s)")
        axes.set_ylim(bottom=0)
        axes.legend(loc="upper left")
    return figure


def _oldest(seconds: Any, ages: Any, step: float = 0.25) -> tuple[list[float], list[float]]:
    """Return, for each step of time, the greatest age that a read reported in it."""
    bins = (seconds / step).astype(int)
    used = np.unique(bins)
    return (
        [(one + 0.5) * step for one in used],
        [float(ages[bins == one].max()) for one in used],
    )


def _planted(planted: list[dict[str, Any]]) -> str:
    if not planted:
        return "Not part of this run."
    head = ("fault", "what is wrong", "under", "caught by", "violations it found", "others")
    rows = []
    for one in planted:
        others = {name: n for name, n in one["violations"].items() if name != one["catcher"]}
        told = ", ".join(f"{name} {count:,}" for name, count in others.items()) or "-"
        count = f"{one['violations'].get(one['catcher'], 0):,}"
        who = one["catcher"] if one["caught"] else "NOBODY"
        rows.append([one["fault"], one["what"], one["nemesis"], who, count, told])
    return (
        "Builds with one fault each, on 12 nodes, shorter; the named checker must find it.\n\n"
        + _markdown(head, rows)
    )


def _markdown(head: tuple[str, ...], rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|---|" + "--:|" * (len(head) - 1)]
    return "\n".join(lines + [f"| {' | '.join(cells)} |" for cells in rows])


def _commit() -> str:
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    )
    return found.stdout.strip()
