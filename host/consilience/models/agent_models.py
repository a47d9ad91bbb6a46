"""What each agent does by itself: a model of its own, where that foretells its runs better.

A model of a whole fleet holds what any agent does to be usual of all. An agent that begins to do
what another one does would not surprise it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from consilience.errors import BadInput
from consilience.models.left_out import folds_by_run, left_out
from consilience.models.model import Float, Model
from consilience.models.run import Run

__all__ = ["AgentModel", "allowance_of", "fit_agents"]

_ALLOWANCE = 2.0
"""Times the mean surprise. Of 1, 1.5, 2 the best on the example's fitting families: mean AUC of
hijacked against benign runs 0.847, 0.851, 0.854, the largest single surprise 0.860."""
_LEAST_OWN = 10
"""Runs of an agent, for a model of its own."""


@dataclass(frozen=True)
class AgentModel:
    """What is known of one agent beside the fleet.

    Parameters
    ----------
    model : Model or None
        Its own. None: the fleet's foretells the agent's runs as well, as agents are alike.
    tools : frozenset of str
        That the agent called.
    allowance : float
        Bits of surprise that a step of this agent may have and say nothing.
    """

    model: Model | None
    tools: frozenset[str]
    allowance: float

    def nats(self, run: Run, fleet: Callable[[], Float]) -> Float:
        """Return ln p of each step and of the end, (steps + 1, 1) float64.

        A tool that the agent never called is as surprising as the agent's model holds all such
        tools to be, and the fleet's this one.

        Parameters
        ----------
        run : Run
        fleet : callable
            Returns what the fleet's model says of the run.
        """
        if self.model is None:
            return fleet()
        own = self.model.score(run).nats
        assert own is not None
        return _with_new_tools(run, own, self.tools, fleet)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "allowance": self.allowance,
            "tools": sorted(self.tools),
            "parameters": None if self.model is None else self.model.as_json(),
        }

    @classmethod
    def from_json(cls, kind: Any, value: Mapping[str, Any]) -> "AgentModel":
        """Return the one of `as_json`; KeyError, TypeError or ValueError if it is none."""
        held = value["parameters"]
        model = None if held is None else kind.from_json(held)
        if model is not None and len(model.labels) != 1:
            raise ValueError("a model of one agent has one hypothesis")
        return cls(model, frozenset(map(str, value["tools"])), float(value["allowance"]))


def allowance_of(rows: Sequence[Float]) -> float:
    """Return the bits of surprise that say nothing: twice the mean of runs left out of the fit.

    Parameters
    ----------
    rows : sequence of (steps + 1, 1) float64
        ln p of each run.
    """
    return _ALLOWANCE * -float(np.concatenate(rows).mean()) / float(np.log(2.0))


def fit_agents(
    kind: Any,
    runs: Sequence[Run],
    labels: tuple[str, ...],
    chosen: Mapping[str, Any],
    grid: Sequence[Mapping[str, Any]],
) -> dict[str, AgentModel]:
    """Fit a model of each agent with ten runs or more; of none if there is one agent only.

    Of an agent's own model, with each of the options, and the fleet's that one stays whose log loss
    is least on the agent's runs that are left out of the fit in turn; of equal ones the own.

    Parameters
    ----------
    kind : type of Model
        One that has likelihoods.
    runs : sequence of Run
        Good ones.
    labels : tuple of str
        The one there is.
    chosen : mapping
        The options of the fleet's model.
    grid : sequence of mapping
        Options to choose from.
    """
    of_agent: dict[str, list[int]] = {}
    for place, run in enumerate(runs):
        of_agent.setdefault(run.agent, []).append(place)
    enough = {agent: its for agent, its in of_agent.items() if len(its) >= _LEAST_OWN}
    if len(of_agent) < 2 or not enough:
        return {}
    fit = _Fit(kind, labels)
    rows = fit.left_out(runs, chosen)
    found = {}
    for agent, places in enough.items():
        its, fleet = [runs[one] for one in places], [rows[one] for one in places]
        found[agent] = _chosen(fit, its, fleet, grid)
    return found


class _Fit(NamedTuple):
    """What all fits have in common."""

    kind: Any
    labels: tuple[str, ...]

    def left_out(self, runs: Sequence[Run], options: Mapping[str, Any]) -> list[Float]:
        """Return ln p of each run by a fit without it."""
        truth, split = [0] * len(runs), folds_by_run(runs)
        found = left_out(self.kind, runs, truth, self.labels, split, options)
        return [one for one in found if one is not None]


def _chosen(
    fit: _Fit, runs: Sequence[Run], fleet: list[Float], grid: Sequence[Mapping[str, Any]]
) -> AgentModel:
    """Return the model that foretells an agent's runs best; `fleet`: what the fleet's says."""
    said: list[tuple[Mapping[str, Any] | None, list[Float]]] = []
    with suppress(BadInput):  # as rates of an agent of whose calls nobody said whether they failed
        said += [(options, _own(fit, runs, fleet, options)) for options in grid]
    said.append((None, fleet))
    options, rows = min(said, key=lambda one: -sum(float(row.sum()) for row in one[1]))
    model = None
    if options is not None:
        model = fit.kind.fit(runs, [0] * len(runs), fit.labels, **options)
    return AgentModel(model, _tools(runs), allowance_of(rows))


def _own(
    fit: _Fit, runs: Sequence[Run], fleet: Sequence[Float], options: Mapping[str, Any]
) -> list[Float]:
    """Return what models of one agent say of its runs, each left out of the fit."""
    found = fit.left_out(runs, options)
    for fold in folds_by_run(runs):
        out = set(fold.tolist())
        tools = _tools([run for place, run in enumerate(runs) if place not in out])
        for one in out:
            said = partial(fleet.__getitem__, one)
            found[one] = _with_new_tools(runs[one], found[one], tools, said)
    return found


def _with_new_tools(
    run: Run, own: Float, tools: frozenset[str], fleet: Callable[[], Float]
) -> Float:
    new = np.array([*(step.name not in tools for step in run.steps), False])
    return np.where(new[:, None], own + fleet(), own) if new.any() else own


def _tools(runs: Sequence[Run]) -> frozenset[str]:
    return frozenset(step.name for run in runs for step in run.steps)
