"""Plots of the report."""

import textwrap
from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from consilience_tools.pages.svg import BLUE, GREEN, GREY, ORANGE, RED, STYLE, drawing, plot

from ..evaluate import GoalMetrics, Ranking, Reliability
from ..monitor.one_agent import Watched
from ..trajectory import Trajectory

__all__ = ["goal_confusion", "ranking", "reliability", "statistic_over_runs", "trajectories"]

TITLE_WIDTH = 36
"""Characters of a title's line over a narrow panel."""


def ranking(ours: Ranking, first_order: Ranking, name: str) -> Figure:
    """Draw both ROC curves; `name` is our chain's."""
    with plot(5.6, 5.2) as (figure, axes):
        axes.plot(ours.false_alarms, ours.detections, BLUE, lw=2.2, label=f"{name}: {ours.auc:.3f}")
        axes.plot(
            first_order.false_alarms,
            first_order.detections,
            ORANGE,
            lw=1.8,
            ls="--",
            label=f"plain first-order chain: {first_order.auc:.3f}",
        )
        axes.plot([0, 1], [0, 1], GREY, lw=1, ls=":", label="chance: 0.500")
        axes.set(
            xlabel="false alarms: share of benign runs above the threshold",
            ylabel="detections: share of hijacked runs above it",
            title="ROC, held-out agent families",
            xlim=(0, 1),
            ylim=(0, 1.005),
            aspect="equal",
        )
        axes.legend(loc="lower right", title="area under the curve", alignment="left")
    return figure


def reliability(tempered: Reliability, full: Reliability, weight: float) -> Figure:
    """Draw predicted probabilities against frequencies, at our weight and at weight 1."""
    with plot(5.6, 5.2) as (figure, axes):
        axes.plot([0, 1], [0, 1], GREY, lw=1, ls=":", label="perfect")
        for part, colour, mark, at in (
            (tempered, BLUE, "o-", f"weight {weight:.2f}"),
            (full, ORANGE, "s--", "weight 1"),
        ):
            label = f"{at}: log loss {part.log_loss:.3f}"
            axes.plot(part.predicted, part.observed, mark, color=colour, lw=1.8, ms=6, label=label)
        axes.set(
            xlabel="posterior probability of hijacked, mean of a tenth of the runs",
            ylabel="share of these runs that were hijacked",
            title="Reliability, held-out agent families",
            xlim=(-0.02, 1.02),
            ylim=(-0.02, 1.02),
            aspect="equal",
        )
        axes.legend(loc="upper left")
    return figure


def trajectories(shown: Sequence[Trajectory]) -> Figure:
    """Draw the posterior of each run after every call, time running downwards."""
    with drawing():
        longest = max(len(run.calls) for run in shown)
        lines = -(-len(shown) // 2)
        figure = Figure(figsize=(11.5, lines * (1.5 + 0.36 * longest)), layout="constrained")
        figure.get_layout_engine().set(hspace=0.08)
        for place, run in enumerate(shown):
            axes = figure.add_subplot(lines, 2, place + 1)
            steps = np.arange(len(run.hijacked))
            colour = RED if run.kind.startswith("hijacked") else GREEN
            axes.axvline(0.5, color=GREY, lw=1, ls=":")
            axes.plot(run.hijacked, steps, "o-", color=colour, lw=2, ms=6, clip_on=False)
            axes.set_yticks(steps, ["(prior)", *run.calls])
            axes.set(
                xlim=(0, 1),
                ylim=(len(steps) - 0.5, -0.5),
                xlabel="posterior probability of hijacked",
            )
            agent = textwrap.fill(run.agent, TITLE_WIDTH)
            axes.set_title(f"{run.kind} ({run.suite})\n{agent}", fontsize=10)
    return figure


def goal_confusion(suites: Sequence[GoalMetrics]) -> Figure:
    """Draw the confusion of hypotheses of each suite: shares of a row, with the runs written."""
    with matplotlib.rc_context({**STYLE, "axes.grid": False}):
        figure = Figure(figsize=(11.5, 11.5), layout="constrained")
        figure.get_layout_engine().set(hspace=0.06)
        for place, suite in enumerate(suites):
            axes = figure.add_subplot(2, 2, place + 1)
            rows = suite.confusion.sum(axis=1, keepdims=True)
            share = suite.confusion / np.maximum(rows, 1)
            axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
            names = [name.replace("injection_task_", "goal ") for name in suite.names]
            axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
            axes.set_yticks(range(len(names)), names)
            for (row, column), runs in np.ndenumerate(suite.confusion):
                ink = "white" if share[row, column] > 0.55 else "black"
                if runs:
                    axes.text(column, row, str(runs), ha="center", va="center", color=ink)
            axes.set(
                title=f"{suite.suite}: {suite.accuracy:.0%} of {suite.runs} runs right",
                xlabel="most probable hypothesis",
                ylabel="what happened",
            )
    return figure


def statistic_over_runs(watched: Watched) -> Figure:
    """Draw T after each run behind the history, and the threshold."""
    at = np.arange(1, len(watched.runs) + 1)
    statistic = np.array([run.statistic for run in watched.runs])
    hijacked = np.array([run.hijacked for run in watched.runs])
    with plot(9.0, 3.6) as (figure, axes):
        axes.plot(at, statistic, color=GREY, lw=1.2)
        for of, mark, colour, name in (
            (~hijacked, "o", BLUE, "benign run"),
            (hijacked, "D", ORANGE, "hijacked run"),
        ):
            axes.plot(at[of], statistic[of], mark, color=colour, ls="", label=name)
        label = f"A = {watched.threshold:g} bits: one false alarm in {watched.arl:,} runs"
        axes.axhline(watched.threshold, color=RED, ls="--", lw=1.4, label=label)
        axes.set(
            xlabel=f"runs behind the history of {watched.n0}",
            ylabel="statistic T, bits",
            title=f"{watched.pipeline}: does it still behave?",
        )
        axes.legend(loc="upper left")
    return figure
