"""Writes the report: one HTML file that needs nothing else."""

from pathlib import Path
from typing import Any

from consilience.evidence.atomic_file import write_file
from consilience_tools.pages.svg import embedded
from consilience_tools.pages.templates import rendered

from ..fusion import FULL_WEIGHT
from ..result import Curves, DemoResult
from ..selection import Selection
from . import plots

__all__ = ["write_report"]


def write_report(result: DemoResult, curves: Curves, chosen: Selection) -> None:
    """Write `result.report`."""
    weight = chosen.weight / FULL_WEIGHT
    name = f"chain of order {chosen.detector.order} with back-off"
    figures: dict[str, Any] = {
        "ranking": embedded(plots.ranking(curves.ranking, curves.first_order, name)),
        "reliability": embedded(plots.reliability(curves.tempered, curves.full_weight, weight)),
        "goals": embedded(plots.goal_confusion(result.goals)),
        "watched": embedded(plots.statistic_over_runs(result.watched)),
    }
    if curves.trajectories:
        figures["trajectories"] = embedded(plots.trajectories(curves.trajectories))
    text = rendered(
        Path(__file__).with_name("template.html.j2"),
        r=result,
        chosen=chosen,
        weight=weight,
        goal_weight=chosen.goal_weight / FULL_WEIGHT,
        figures=figures,
        detected=result.labels["hijacked"],
        passed=result.labels["benign"],
    )
    write_file(result.report, text)
