"""The page of the results: docs/judges_scores.md."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from consilience_tools.pages.stamp import stamped
from consilience_tools.pages.svg import svg
from consilience_tools.pages.templates import rendered

from .__main__ import Compared
from .comparison import METHODS, Cell, Share
from .many_runs import HISTORY, LATER, SCENARIOS, SEQUENCES, Span
from .plot import figure_of
from .suspicion import STATISTICS

__all__ = ["PAGE", "PLOT", "judges_page", "write_page"]

PAGE = "judges_scores.md"
PLOT = "judges_scores.svg"
_TITLES = {
    "hotpotqa.csv": "HotpotQA, the first 150 runs",
    "hotpotqa_later.csv.gz": "HotpotQA, the next 5,000 runs",
    "gsm8k_tools.csv": "GSM8K with a calculator, 60 runs",
}


def _title(one: Compared) -> str:
    return _TITLES.get(one.name, one.name)


def _limits(share: Share) -> str:
    return f"{share.share:.3f} ({share.low:.3f}, {share.high:.3f})"


def _row(cell: Cell) -> str:
    level = float(cell.level)
    if cell.lacking_folds == 1:
        return f"| {level:g} | {cell.method} | | | | no alarm can come: {cell.lacking} |"
    word = "**broken**" if cell.false.low > level else "not refuted"
    if cell.lacking_folds:
        word += f"; in {float(cell.lacking_folds):.0%} of folds no alarm can come: {cell.lacking}"
    shown = " | ".join(_limits(one) for one in (cell.false, cell.found, cell.saved))
    return f"| {level:g} | {cell.method} | {shown} | {word} |"


def _span_cell(span: Span | None, changes: bool) -> str:
    if span is None:
        return ""
    if not changes:
        return f"{span.alarmed.share:.3f}"
    found = "never" if span.delay is None else f"{span.delay:.1f}"
    if 0 < span.alarmed.share < 1:
        found = f"{span.alarmed.share:.2f}: {found}"
    return found if span.early is None else f"{found} ({span.early.share:.3f})"


def _span_rows(spans: Sequence[Span]) -> list[str]:
    """Return a row for each level and method, a column for each scenario."""
    table = {(one.level, one.method, one.scenario): one for one in spans}
    rows = []
    for level, method in dict.fromkeys((one.level, one.method) for one in spans):
        cells = [
            _span_cell(table.get((level, method, one.name)), one.unsolved is not None)
            for one in SCENARIOS
        ]
        rows.append(f"| {float(level):g} | {method} | " + " | ".join(cells) + " |")
    return sorted(rows, key=lambda row: float(row.split("|")[1]))


def _file(one: Compared) -> dict[str, object]:
    solved = sum(run.solved for run in one.runs)
    steps = sum(len(run.scores) for run in one.runs)
    times = "once" if one.seeds == 1 else f"{one.seeds} times"
    about = (
        f"{solved:,} runs solved, {len(one.runs) - solved:,} not; a run has "
        f"{steps / len(one.runs):.1f} steps on average; each is judged {times}."
    )
    return {"title": _title(one), "about": about, "rows": [_row(cell) for cell in one.cells]}


def _at(one: Compared, level: Fraction) -> dict[str, Cell]:
    return {cell.method: cell for cell in one.cells if cell.level == level}


def _broken(found: Sequence[Compared]) -> str:
    """Return which promises are broken, in words."""
    told = [
        f"{cell.method} at {float(cell.level):g} in {_title(one)} ({cell.false.share:.3f})"
        for one in found
        for cell in one.cells
        if cell.false.low > cell.level
    ]
    return "; ".join(told) or "none"


def judges_page(found: Sequence[Compared]) -> str:
    """Return the page, Markdown."""
    largest = max(found, key=lambda one: len(one.runs))
    level = min(cell.level for cell in largest.cells)
    return rendered(
        Path(__file__).with_name("page.md.j2"),
        at=_at(largest, level),
        at_first=_at(found[0], level),
        first=_title(found[0]),
        largest=_title(largest),
        level=f"{float(level):g}",
        broken=_broken(found),
        files=[_file(one) for one in found],
        spans=[{"title": _title(one), "rows": _span_rows(one.spans)} for one in found],
        promises=[f"| {one.name} | {one.promise} |" for one in METHODS],
        statistics=", ".join(one.name for one in STATISTICS),
        folds=found[0].folds,
        sequences=SEQUENCES,
        history=HISTORY,
        later=LATER,
        plot=PLOT,
    )


def write_page(folder: Path, found: Sequence[Compared]) -> None:
    """Write page and picture; the page first, as a new picture changes the checkout."""
    (folder / PAGE).write_text(stamped(judges_page(found), PAGE), encoding="utf-8")
    largest = max(found, key=lambda one: len(one.runs))
    figure = figure_of(largest.cells, _title(largest))
    (folder / PLOT).write_text(svg(figure), encoding="utf-8")
