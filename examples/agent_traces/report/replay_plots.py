"""Pictures of a replay: who was held for hijacked when, and how many in all."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from consilience_tools.pages.svg import GREY, ORANGE, RED, plot

if TYPE_CHECKING:
    from ..replay import ReplayResult

__all__ = ["agents_over_time", "expected_over_time", "known_after", "thinned"]

_MOST_LINES = 120
"""Agents in the picture, which is a page high with so many."""
_MOST_POINTS = 2000
"""Steps of a curve: more than the picture's width can show."""


def thinned(result: "ReplayResult", order: list[int]) -> list[int]:
    """Return the agents to draw, at most 120 and the first of each label: evenly over `order`."""
    if len(order) <= _MOST_LINES:
        return order
    evenly = np.linspace(0, len(order) - 1, _MOST_LINES).round().astype(int).tolist()
    labels = [result.actors[agent].label for agent in order]
    places = {*evenly, *map(labels.index, labels)}
    return [order[place] for place in sorted(places)]


def known_after(result: "ReplayResult") -> NDArray[np.float64]:
    """Return the probability of hijacked of each agent after each call of the replay.

    Shape (agents, calls); NaN before an agent's first call.
    """
    known = np.full((len(result.actors), len(result.sightings)), np.nan)
    for step, seen in enumerate(result.sightings):
        known[seen.call.agent, step:] = seen.hijacked
    return known


def agents_over_time(result: "ReplayResult", order: list[int]) -> Figure:
    """Draw a line an agent, in `order` from above, as dark as it is held for hijacked.

    Of many agents some are drawn, see `thinned`; the title says how many.
    """
    acted, order = len(order), thinned(result, order)
    known = known_after(result)[order]
    with plot(11.5, 1.3 + 0.13 * len(order)) as (figure, axes):
        scale = LinearSegmentedColormap.from_list("hijacked", ["#dbe9f6", "#f3e3b3", RED])
        image = axes.imshow(
            np.ma.masked_invalid(known),
            cmap=scale,
            vmin=0,
            vmax=1,
            aspect="auto",
            interpolation="nearest",
        )
        axes.grid(visible=False)
        labels = [result.actors[agent].label for agent in order]
        ticks = [
            labels.index(label) + labels.count(label) / 2 - 0.5 for label in dict.fromkeys(labels)
        ]
        axes.set_yticks(ticks, list(dict.fromkeys(labels)))
        for line in range(1, len(labels)):
            if labels[line] != labels[line - 1]:
                axes.axhline(line - 0.5, color=GREY, lw=1)
        some = "" if len(order) == acted else f" ({len(order)} of {acted:,} agents are drawn)"
        axes.set(
            xlabel="calls of all agents so far", title=f"Held for hijacked, agent by agent{some}"
        )
        figure.colorbar(image, ax=axes, label="probability of hijacked", fraction=0.03)
    return figure


def expected_over_time(result: "ReplayResult") -> Figure:
    """Draw the expected number of hijacked agents beside those that were hijacked in the end."""
    calls = len(result.sightings)
    shown = np.unique(np.linspace(0, calls - 1, min(calls, _MOST_POINTS)).round().astype(int))
    seen: set[int] = set()
    truth = []
    for sighting in result.sightings:
        if result.actors[sighting.call.agent].label == "hijacked":
            seen.add(sighting.call.agent)
        truth.append(len(seen))
    with plot(11.5, 3.6) as (figure, axes):
        steps = shown + 1
        expected = [result.sightings[step].expected for step in shown]
        axes.plot(steps, expected, ORANGE, lw=2.2, label="expected: the live log sum")
        label = "seen so far and hijacked in the end"
        axes.plot(steps, np.array(truth)[shown], RED, lw=1.8, ls="--", label=label)
        axes.set(
            xlabel="calls of all agents so far",
            ylabel="agents",
            title="Hijacked agents",
            xlim=(1, max(2, calls)),
            ylim=(0, None),
        )
        axes.legend(loc="upper left")
    return figure
