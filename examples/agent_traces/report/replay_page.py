"""Writes the page of a replay: one HTML file that needs nothing else."""

from pathlib import Path
from typing import TYPE_CHECKING

from consilience.evidence.atomic_file import write_file
from consilience_tools.pages.svg import embedded
from consilience_tools.pages.templates import rendered

from ..schedule import LABELS
from . import replay_plots

if TYPE_CHECKING:
    from ..replay import ReplayResult

__all__ = ["write_replay"]


def write_replay(result: "ReplayResult") -> None:
    """Write `result.report`."""
    final = {seen.call.agent: seen for seen in result.sightings}
    # Agents of one label together, the most suspected first.
    order = sorted(
        final, key=lambda agent: (_place(result.actors[agent].label), -final[agent].hijacked)
    )
    steps: dict[int, list[float]] = {}
    for seen in result.sightings:
        steps.setdefault(seen.call.agent, []).append(seen.hijacked)
    text = rendered(
        Path(__file__).with_name("replay.html.j2"),
        r=result,
        alarms=result.alarms(),
        by_label=result.by_label(),
        drawn=len(replay_plots.thinned(result, order)),
        agents=[(agent, result.actors[agent], steps[agent]) for agent in order],
        figures={
            "agents": embedded(replay_plots.agents_over_time(result, order)),
            "expected": embedded(replay_plots.expected_over_time(result)),
        },
    )
    write_file(result.report, text)


def _place(label: str) -> int:
    """Return where agents of a label stand: the hijacked first, unknown ones last."""
    names = [*reversed(LABELS), label]
    return names.index(label)
