"""Pictures of a replay: who was held for hijacked when, and how many in all."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from consilience_tools.pages.svg import GREY, ORANGE, RED, plot

if TYPE_CHECKING:
    from ..replay import ReplayResult

__all__ = ["agents_over_time", "expected_over_time", "known_after"]


def known_after(result: "ReplayResult") -> NDArray[np.float64]:
    """Return the probability of hijacked of each agent after each call of the replay.

    Shape (agents, calls); NaN before an agent's first call.
    """
    known = np.full((len(result.actors), len(result.sightings)), np.nan)
    for step, seen in enumerate(result.sightings):
        known[seen.call.agent, step:] = seen.hijacked
    return known


def agents_over_time(result: "ReplayResult", order: list[int]) -> Figure:
    """Draw a line an agent, in `order` from above, as dark as it is held for hijacked."""
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
        axes.set(xlabel="calls of all agents so far", title="Held for hijacked, agent by agent")
        figure.colorbar(image, ax=axes, label="probability of hijacked", fraction=0.03)
    return figure


def expected_over_time(result: "ReplayResult") -> Figure:
    """Draw the expected number of hijacked agents beside those that were hijacked in the end."""
    steps = np.arange(1, len(result.sightings) + 1)
    seen: set[int] = set()
    truth = []
    for sighting in result.sightings:
        if result.actors[sighting.call.agent].label == "hijacked":
            seen.add(sighting.call.agent)
        truth.append(len(seen))
    with plot(11.5, 3.6) as (figure, axes):
        expected = [sighting.expected for sighting in result.sightings]
        axes.plot(steps, expected, ORANGE, lw=2.2, label="expected: the live log sum")
        axes.plot(steps, truth, RED, lw=1.8, ls="--", label="seen so far and hijacked in the end")
        axes.set(
            xlabel="calls of all agents so far",
            ylabel="agents",
            title="Hijacked agents",
            xlim=(1, max(2, len(steps))),
            ylim=(0, None),
        )
        axes.legend(loc="upper left")
    return figure
