"""A model fitted on runs: its options, its weight and its prior chosen on runs left out of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from consilience.errors import BadInput
from consilience.models.agent_models import allowance_of, fit_agents
from consilience.models.joining import content_of
from consilience.models.kinds import kind_of
from consilience.models.left_out import folds, left_out
from consilience.models.model import NORMAL
from consilience.models.model_file import FittedModel, Training
from consilience.models.run import Run
from consilience.models.runs import Runs
from consilience.models.tempering import Tempering, tempered

__all__ = ["fit_model"]

_LEAST_RUNS = 2
"""Of each label: one to fit on, one to choose by."""


def fit_model(
    runs: Runs,
    kind: str,
    truth: Sequence[str] | None,
    labels: tuple[str, ...] = (NORMAL,),
    *,
    chosen: Sequence[Run] | None = None,
    options: Mapping[str, Any] | None = None,
    alike: bool = False,
    date: str = "",
) -> FittedModel:
    """Fit a model; its options are those of its grid with the least log loss on runs left out.

    Parameters
    ----------
    runs : Runs
    kind : str
        A name of `KINDS`.
    truth : sequence of str or None
        Label of each run; None: all are known to be good.
    labels : tuple of str
        Good behaviour first.
    chosen : sequence of Run, optional
        Those of `runs` that have a label.
    options : mapping, optional
        Of the model; what is given is not chosen.
    alike : bool
        All agents are alike: none has a model of its own. Else those of known-good runs alone have
        (`fit_agents`); between labels all agents share one.
    date : str

    Raises
    ------
    BadInput
        A kind that does not read such files, a label with one run only.
    """
    model = kind_of(kind)
    if runs.kind not in model.reads:
        fitting = ", ".join(model.reads).replace("_", " ")
        raise BadInput(
            f"the files hold {runs.kind.replace('_', ' ')}, and a model of kind {kind} reads "
            f"{fitting}; choose another --model"
        )
    these = list(runs.runs if chosen is None else chosen)
    places = [0] * len(these) if truth is None else [labels.index(word) for word in truth]
    counts = Counter(places)
    # A stream is one run, however long; it has no likelihoods to choose options by.
    streams = runs.kind == "metrics"
    for place, name in enumerate(labels):
        if counts[place] < (1 if streams else _LEAST_RUNS):
            raise BadInput(
                f"{counts[place]} run with label {name!r}; at least {_LEAST_RUNS} are needed to "
                "fit on, better a hundred"
            )
    if runs.kind == "tool_calls" and not any(run.steps for run in these):
        raise BadInput("no run calls a tool; there is nothing to learn from")
    given = dict(options or {})
    grid: list[dict[str, Any]] = list(
        {
            repr(sorted(one.items())): one for one in ({**row, **given} for row in model.grid)
        }.values()
    )
    split = [] if streams else folds(these, places)
    truths = np.array(places, np.int64)
    best: tuple[float, dict[str, Any], Tempering | None, float] | None = None
    for row in grid:
        rows = [] if streams else list(left_out(model, these, places, labels, split, row))
        if streams or any(one is None for one in rows):
            best = (float("nan"), row, None, 0.0)  # no likelihoods: nothing to choose by
            break
        nats = [one for one in rows if one is not None]
        sums = np.array([one.sum(axis=0) for one in nats])
        if len(labels) > 1:
            found = tempered(sums, truths, len(labels))
            loss, allowance = found.log_loss, 0.0
        else:
            found = None
            loss = float(-sums.mean())
            allowance = allowance_of(nats)
        if best is None or loss < best[0]:
            best = (loss, row, found, allowance)
    assert best is not None
    loss, row, tempering, allowance = best
    training = Training(
        files={path.name: digest for path, digest in runs.digests.items()},
        runs=len(these),
        steps=sum(len(run.steps) for run in these),
        agents=len({run.agent for run in these}),
        labels={name: counts[place] for place, name in enumerate(labels)},
        formats=tuple(sorted(runs.formats)),
        options=row,
        log_loss=None if np.isnan(loss) else loss,
        date=date,
        contents=tuple(sorted({content_of(run) for run in these if run.steps})),
    )
    fitted = model.fit(these, places, labels, **row)
    if tempering is None:
        prior = (1.0,) if len(labels) == 1 else (1.0 / len(labels),) * len(labels)
        likely = len(labels) == 1 and not np.isnan(loss)
        own = fit_agents(model, these, labels, row, grid) if likely and not alike else {}
        return FittedModel(fitted, training, prior=prior, allowance=allowance, agents=own)
    return FittedModel(fitted, training, tempering.weight, tempering.prior)
