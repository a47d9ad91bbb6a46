"""Runs that are left out of a fit in turn, and what the fit without them says of them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from consilience.models.model import Float
from consilience.models.run import Run

__all__ = ["folds", "folds_by_run", "left_out"]

_FOLDS = 5


def folds(runs: Sequence[Run], truth: Sequence[int]) -> list[NDArray[np.int64]]:
    """Return the runs of each fold: whole agents where every label has several, else single runs.

    Agents are left out whole because runs of one are alike: others would flatter the model.
    """
    agents = [run.agent for run in runs]
    of_label: dict[int, set[str]] = {}
    for agent, one in zip(agents, truth, strict=True):
        of_label.setdefault(one, set()).add(agent)
    if min(map(len, of_label.values())) < _FOLDS:
        return _by_turns(truth)
    fold_of: dict[str, int] = {}
    for group in sorted(of_label.values(), key=len):  # the rarest label is in every fold
        for agent in sorted(group - fold_of.keys()):
            fold_of[agent] = len(fold_of) % _FOLDS
    return _places([fold_of[agent] for agent in agents])


def folds_by_run(runs: Sequence[Run]) -> list[NDArray[np.int64]]:
    """Return the runs of each fold: each agent's runs by turns, so that it is in every fit."""
    return _by_turns([run.agent for run in runs])


def left_out(
    kind: Any,
    runs: Sequence[Run],
    truth: Sequence[int],
    labels: tuple[str, ...],
    split: Sequence[NDArray[np.int64]],
    options: Mapping[str, Any],
) -> Iterator[Float | None]:
    """Yield the log-likelihoods of each run by a fit without it, in order.

    Parameters
    ----------
    kind : type of Model
    runs : sequence of Run
    truth : sequence of int
        Of each run its place in `labels`.
    labels : tuple of str
    split : sequence of (n,) int64
        Places of the runs of each fold.
    options : mapping
    """
    found: dict[int, Float | None] = {}
    for fold in split:
        out = set(fold.tolist())
        kept = [place for place in range(len(runs)) if place not in out]
        fitted = kind.fit(
            [runs[one] for one in kept], [truth[one] for one in kept], labels, **options
        )
        found |= {place: fitted.score(runs[place]).nats for place in fold.tolist()}
    for place in range(len(runs)):
        yield found[place]


def _by_turns(groups: Sequence[Any]) -> list[NDArray[np.int64]]:
    seen: Counter[Any] = Counter()
    places = []
    for one in groups:
        places.append(seen[one] % _FOLDS)
        seen[one] += 1
    return _places(places)


def _places(folds_of: Sequence[int]) -> list[NDArray[np.int64]]:
    found = [np.flatnonzero(np.array(folds_of) == fold) for fold in range(_FOLDS)]
    return [one for one in found if len(one)]
