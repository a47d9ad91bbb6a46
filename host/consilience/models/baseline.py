"""A baseline of good runs: a part of it fits the models, the rest is the history of each agent."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from consilience.errors import BadInput
from consilience.models.fitting import fit_model
from consilience.models.joining import content_of
from consilience.models.kinds import KINDS
from consilience.models.model_file import FittedModel
from consilience.models.run import Run
from consilience.models.runs import Runs, as_one_agent

__all__ = ["GROUP", "LEAST_HISTORY", "WANTED", "Baseline", "prepared", "refuse_fitted"]

LEAST_HISTORY = 50
"""Good runs of an agent: with fewer no rank means much."""
LEAST_FITTED = 20
"""Good runs, of all agents together, for the model."""
WANTED = 200
"""Good runs of an agent: a hundred for the model, a hundred of history."""
_KINDS = {"tool_calls": "chain", "scores": "scores"}
GROUP = "all agents"
"""The one history of agents that are alike."""


@dataclass
class Baseline:
    """What a check stands on.

    Parameters
    ----------
    model : FittedModel
    fitted_on : list of Run
    history : dict of str to list of Run
        Good runs of each agent that has enough, in order; of all together under one name.
    today : dict of str to list of Run
    needs : dict of str to str
        Of the other agents what they lack, in words.
    warnings : list of str
    """

    model: FittedModel
    fitted_on: list[Run]
    history: dict[str, list[Run]]
    today: dict[str, list[Run]]
    needs: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    _known: dict[tuple[str, tuple[tuple[str, bool | None, object], ...]], int] = field(
        default_factory=dict
    )

    def score(self, run: Run) -> int:
        """Return the score of a whole run; of an agent's equal runs it is worked out once."""
        key = run.agent, tuple((step.name, step.error, step.score) for step in run.steps)
        if key not in self._known:
            running = self.model.score(run).running
            assert running is not None
            self._known[key] = int(running[-1])
        return self._known[key]

    @property
    def judged(self) -> list[str]:
        """The agents of today that have a history."""
        return [agent for agent in self.today if agent not in self.needs]

    def lacking(self) -> str:
        """Return what all agents lack."""
        agent, why = next(iter(self.needs.items()))
        return f"no agent of today can be judged; {agent!r}: {why}"


def prepared(
    today: Runs, baseline: Runs, model: FittedModel | str | None, *, together: bool
) -> Baseline:
    """Divide a baseline, and fit the model.

    Parameters
    ----------
    today, baseline : Runs
    model : FittedModel, str or None
        See `check_runs`; a fitted one leaves the whole baseline as history.
    together : bool
        One history for all agents.
    """
    if today.kind != baseline.kind:
        raise BadInput(
            f"today's files hold {today.kind.replace('_', ' ')}, the baseline "
            f"{baseline.kind.replace('_', ' ')}; give the same of both"
        )
    if isinstance(model, FittedModel) and together:
        model = replace(model, agents={})  # one history is of scores by one model
    good, new = _same_agents(today, baseline)
    warnings = _told_twice(good, new, today, baseline)
    if isinstance(model, FittedModel):
        refuse_fitted(model, good, baseline)
    own = {agent: [run for run in new if run.agent == agent] for agent in _agents(new)}
    groups = (
        {GROUP: good}
        if together
        else {agent: [run for run in good if run.agent == agent] for agent in _agents(good)}
    )
    fitted = model if isinstance(model, FittedModel) else None
    history, fit_on = {}, []
    for name, its in groups.items():
        part = _fit_part(len(its)) if fitted is None else set[int]()
        rest = [run for place, run in enumerate(its) if place not in part]
        fit_on += [run for place, run in enumerate(its) if place in part]
        if len(rest) >= LEAST_HISTORY:
            history[name] = rest
        else:
            fit_on += rest if fitted is None else []
    if fitted is None and len(fit_on) < LEAST_FITTED:
        raise BadInput(
            f"{len(good)} good runs are too few: {LEAST_FITTED + LEAST_HISTORY} at least, "
            f"{WANTED} of each agent is better; give {WANTED - len(good)} more as --baseline"
        )
    kind = model if isinstance(model, str) else _KINDS.get(today.kind)
    if kind is None or (fitted is None and kind not in KINDS):
        raise BadInput(
            f"{today.kind} are no runs that can be ranked; give tool calls, or scores of runs"
        )
    if fitted is None:
        some = replace(baseline, runs=fit_on)
        fitted = fit_model(some, kind, None, alike=together)
    made = Baseline(fitted, fit_on, history, own)
    for agent in own:
        its = groups.get(GROUP if together else agent, [])
        if (GROUP if together else agent) not in history:
            made.needs[agent] = (
                f"{len(its)} good runs in the baseline; {_least(model) - len(its)} more are needed "
                f"at least, {WANTED - len(its)} more are better"
                + ("" if its or together else ", or --together if agents are alike")
            )
    made.warnings += warnings + _too_short(made, groups, together)
    return made


def _told_twice(good: Sequence[Run], new: Sequence[Run], today: Runs, baseline: Runs) -> list[str]:
    """Refuse runs that are in both: a run is no news to a history that holds it.

    Without times equal names and calls are no proof, as both may recur: they give a warning.
    """
    known = {content_of(run) for run in good}
    both = [run for run in new if run.steps and content_of(run) in known]
    if not both:
        return []
    said = (
        f"{len(both)} runs are in today's files and in the baseline, the first "
        f"{both[0].name!r} of {both[0].agent!r}"
    )
    same_file = not set(today.digests.values()).isdisjoint(baseline.digests.values())
    if same_file or any(run.start is not None for run in both):
        raise BadInput(f"{said}: none can be judged by itself; take them out of the baseline")
    if 2 * len(both) > len(new):
        return [f"{said}, by name and calls: if they are the same runs, take them out; give times"]
    return []


def refuse_fitted(model: FittedModel, good: Sequence[Run], baseline: Runs) -> None:
    """Refuse a model with runs that it was fitted on: they surprise it less than new ones do."""
    known = set(model.training.contents)
    both = [run for run in good if run.steps and content_of(run) in known]
    sure = any(run.start is not None for run in both)
    sure |= not set(baseline.digests.values()).isdisjoint(model.training.files.values())
    if (both and sure) or 2 * len(both) > len(good):
        raise BadInput(
            f"the model was fitted on {len(both)} of the {len(good)} good runs of the baseline: "
            "these surprise it less than new ones, so that good agents would alarm; leave --model "
            "out, and a part of the baseline fits one, or give other good runs"
        )


def _fit_part(count: int) -> set[int]:
    """Return which of an agent's runs fit the model: half, evenly spread over the time, but no
    more than leaves the least history."""
    part = min(count // 2, max(0, count - LEAST_HISTORY))
    return {place * count // part for place in range(part)} if part else set()


def _least(model: FittedModel | str | None) -> int:
    return LEAST_HISTORY + (0 if isinstance(model, FittedModel) else 1)


def _too_short(made: Baseline, groups: dict[str, list[Run]], together: bool) -> list[str]:
    found = []
    if made.needs:
        agent, why = next(iter(made.needs.items()))
        found.append(f"{len(made.needs)} agents cannot be judged; {agent!r}: {why}")
    short = [name for name, its in made.history.items() if len(its) < WANTED // 2]
    if short:
        name = min(short, key=lambda one: len(groups[one]))
        found.append(
            f"{len(short)} histories are short, the shortest {len(made.history[name])} runs: an "
            f"alarm takes longer; {WANTED - len(groups[name])} more good runs of {name!r} cure it"
        )
    return found


def _agents(runs: Sequence[Run]) -> list[str]:
    return list(dict.fromkeys(run.agent for run in runs))


def _same_agents(today: Runs, baseline: Runs) -> tuple[list[Run], list[Run]]:
    """Return good runs and today's; where no file names an agent all are of one."""
    if not today.names_agents and not baseline.names_agents:
        if set(today.agents) & set(baseline.agents):
            return baseline.runs, today.runs
        if len(today.agents) > 1 or len(baseline.agents) > 1:
            raise BadInput(
                "no file names an agent, and none of today's files has the name of one of the "
                "baseline: give each agent's files one name, or pass --agent-from folder, or one "
                "if all are of one agent"
            )
        return as_one_agent(baseline.runs), as_one_agent(today.runs)
    if not today.names_agents or not baseline.names_agents:
        which = "the baseline" if today.names_agents else "today's file"
        raise BadInput(
            f"{which} does not say whose runs they are, the other one does; pass --agent-from one "
            "if all are of one agent"
        )
    return baseline.runs, today.runs
