"""The page of the results: docs/robustness.md is one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from consilience.robust.calibration import Calibration
from consilience.robust.quality import EvidenceQuality
from consilience_tools.pages.templates import rendered

from .attacks import EXACTLY, FAR
from .cells import Cell, Rate, cell_of
from .plot import worst
from .study import RULES

__all__ = ["PLOT", "Study", "attack_row", "robustness_page"]

PLOT = "robustness.svg"
"""File name of the plot, beside the page."""
SHOWN = (1024, "ceil(n/3)-1")
"""Reporters and share of liars of the page's first table."""


@dataclass(frozen=True)
class Study:
    """All that a run found.

    Parameters
    ----------
    cells : sequence of Cell
    calibration : Calibration
    qualities : sequence of EvidenceQuality
        Of the calibration set, at every clip that was considered.
    chosen : EvidenceQuality
        The one among them of the clip that was used.
    held_out : EvidenceQuality
        Of the held-out runs at that clip: looked at afterwards.
    runs : dict of str to int
        Held-out runs by class.
    furthest : int
        The largest absolute ratio among them, in ulp.
    seed : int
    seconds : float
        Of processor time.
    """

    cells: Sequence[Cell]
    calibration: Calibration
    qualities: Sequence[EvidenceQuality]
    chosen: EvidenceQuality
    held_out: EvidenceQuality
    runs: dict[str, int]
    furthest: int
    seed: int
    seconds: float


def percent(rate: Rate) -> str:
    """Return a rate in percent: 0 and 100 without digits behind the point."""
    if rate.count in (0, rate.trials):
        return f"{100 * rate.share:.0f}"
    return f"{100 * rate.share:.2f}"


def interval(rate: Rate) -> str:
    """Return the 95 % interval in percent."""
    low, high = (100 * end for end in rate.interval)
    return f"{low:.2f} .. {high:.2f}"


def figures_of(cell: Cell) -> str:
    """Return table cells: the rules, undecided, wrong certified."""
    robust = cell.errors["robust"]
    others = [percent(cell.errors[rule]) for rule in RULES[1:]]
    figures = [percent(robust), interval(robust), *others, percent(cell.undecided)]
    return " | ".join([*figures, f"{cell.wrong_certified.count}"])


def attack_row(cell: Cell) -> str:
    """Return the table row of one attack."""
    return f"| {cell.attack} | {figures_of(cell)} |"


def robustness_page(study: Study) -> str:
    """Return the page in Markdown."""
    cells = study.cells
    n, share = SHOWN
    main = cell_of(cells, n, share, "clip-maximal")
    groups = list(dict.fromkeys((cell.reporters, cell.share) for cell in cells))
    by_group = {
        group: [cell for cell in cells if (cell.reporters, cell.share) == group] for group in groups
    }
    certified = [cell for cell in cells if cell.is_certified]
    return rendered(
        Path(__file__).with_name("robustness.md.j2"),
        study=study,
        plot=PLOT,
        RULES=RULES,
        main=main,
        main_robust=main.errors["robust"],
        percent=percent,
        interval=interval,
        exactly=cell_of(cells, n, share, EXACTLY),
        shown=[attack_row(cell) for cell in by_group[SHOWN]],
        far=FAR >> 16,
        furthest=f"{study.furthest / 65536:.0f}",
        by_share=[
            (
                f"{size:,}",
                group[0].share,
                f"{group[0].liars:,}",
                [_worst_text(group, rule) for rule in RULES],
                _range([cell.undecided for cell in group]),
                sum(cell.wrong_certified.count for cell in group),
            )
            for (size, _), group in by_group.items()
        ],
        clip_maximal=[
            (f"{one.reporters:,}", f"{one.share} = {one.liars:,}", figures_of(one))
            for one in cells
            if one.attack == "clip-maximal"
        ],
        certified_decisions=f"{sum(cell.undecided.trials for cell in certified):,}",
        most_wrong={rule: percent(worst(certified, rule).errors[rule]) for rule in RULES},
        most_wrong_class=f"{100 * max(c.errors['robust'].worse_class for c in certified):.2f}",
        trim_gains=f"{100 * max(_trim_gain(cell) for cell in certified):.2f}",
        certified_wrong=sum(cell.wrong_certified.count for cell in certified),
        decided=f"{sum(c.undecided.trials - c.undecided.count for c in certified):,}",
        trials=f"{main.undecided.trials:,}",
        krum_trials={f"{cell.reporters:,}": f"{cell.errors['Krum'].trials:,}" for cell in cells},
    )


def _worst_text(group: Sequence[Cell], rule: str) -> str:
    cell = worst(group, rule)
    rate = cell.errors[rule]
    return f"{percent(rate)} ({cell.attack})" if rate.count and cell.liars else percent(rate)


def _trim_gain(cell: Cell) -> float:
    return abs(cell.errors["clipped sum"].share - cell.errors["robust"].share)


def _range(rates: Sequence[Rate]) -> str:
    ordered = sorted(rates, key=lambda rate: rate.share)
    ends = [percent(ordered[0]), percent(ordered[-1])]
    return ends[0] if ends[0] == ends[1] else " .. ".join(ends)
