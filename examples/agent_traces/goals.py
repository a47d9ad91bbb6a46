"""Which goal: benign and each of a suite's attacker goals as hypotheses of their own."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from consilience.models.chain import Chain

from .detector_config import DetectorConfig
from .evidence import BENIGN, HIJACKED, count_label, fit_detector
from .traces import Traces

__all__ = ["MAX_GOALS", "MIN_RUNS", "GoalModel", "choose_goals", "fit_goals", "prior"]

MAX_GOALS = 8
"""With benign, nine hypotheses."""
MIN_RUNS = 10
"""Hijacked runs in the fitting families that a goal needs to be a hypothesis."""


@dataclass(frozen=True)
class GoalModel:
    """The hypotheses of one suite.

    Parameters
    ----------
    names : tuple of str
        "benign", then the goals; H names.
    chains : tuple of Chain
        One for each name.
    """

    names: tuple[str, ...]
    chains: tuple[Chain, ...]


def choose_goals(traces: Traces, fitting: NDArray[np.int64], suite: str) -> tuple[str, ...]:
    """Return the goals with the most hijacked fitting runs, at most `MAX_GOALS`, sorted."""
    wanted = (traces.suite[fitting] == suite) & (traces.label[fitting] == "hijacked")
    names, counts = np.unique(traces.goal[fitting][wanted], return_counts=True)
    order = np.argsort(-counts, kind="stable")[:MAX_GOALS]
    return tuple(sorted(str(names[goal]) for goal in order if counts[goal] >= MIN_RUNS))


def fit_goals(
    traces: Traces,
    fitting: NDArray[np.int64],
    detector: DetectorConfig,
    config: DetectorConfig,
    goals: dict[str, tuple[str, ...]],
) -> dict[str, GoalModel]:
    """Fit per suite a chain for each goal, which backs off to the chain of all hijacked runs.

    Parameters
    ----------
    traces, fitting :
        The runs to fit on.
    detector, config : DetectorConfig
        Of the benign and hijacked chains, and of the goals' own chains.
    goals : dict of str to tuple of str
        Goals by suite.
    """
    models = {}
    for suite, chains in fit_detector(traces, fitting, detector, goals).items():
        hijacked = chains[HIJACKED]
        labels = {"hijacked": 1.0, "direct": config.direct}
        models[suite] = GoalModel(
            names=("benign", *goals[suite]),
            chains=(
                chains[BENIGN],
                *(
                    Chain(
                        count_label(traces, fitting, suite, labels, config, goal),
                        config,
                        hijacked.alphabet,
                        base=hijacked,
                    )
                    for goal in goals[suite]
                ),
            ),
        )
    return models


def prior(hypotheses: int) -> NDArray[np.float64]:
    """Return the prior probabilities, (H,) float64: benign one half, the goals the other half."""
    return np.array([0.5, *[0.5 / (hypotheses - 1)] * (hypotheses - 1)])
