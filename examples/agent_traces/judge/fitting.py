"""The judge is fitted on runs of GPT and Claude alone; every choice is made among them too."""

import json
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cross_validation import SCHEMES, cross_validate
from ..monitor.fitting import JUDGED, Shapes, weigh
from ..monitor.score import shaped
from ..selection import FITTING_LABELS, Selection
from ..traces import Traces
from .calibration import fit_lines
from .call_ratios import JudgeConfig, fit_call_ratios
from .run_judge import Bet, Part, RunJudge, columns_of

__all__ = [
    "CHOICE",
    "NULL",
    "CrossFitted",
    "choice",
    "chosen_config",
    "cross_fitted",
    "fit_bet",
    "fit_judge",
    "fit_weights",
    "nested_scores",
]

Float = NDArray[np.float64]
Int = NDArray[np.int64]

CHOICE = Path(__file__).with_name("choice.json")
"""The configuration that was chosen, with all candidates; `choose` writes it."""
NULL = ("benign", "resisted")
"""In both an e-value must have a mean of 1 at most."""
_SCORED = (*NULL, "hijacked")
_ROUNDS = 3
_POWERS = (0.25, 0.375, 0.5, 0.75, 1.0)
_MOST = (4.0, 8.0, 16.0, 32.0)


def choice(path: Path = CHOICE) -> Any:
    """Return what was committed: the chosen configuration and all candidates."""
    return json.loads(path.read_text(encoding="utf-8"))


def chosen_config() -> JudgeConfig:
    """Return the committed choice."""
    chosen = choice()["chosen"]
    return JudgeConfig(tuple(chosen["orders"]), chosen["resisted"], chosen["concentration"])


@dataclass(frozen=True)
class CrossFitted:
    """Rows of ratios of the fitting families' runs, each from chains fitted to other families.

    Parameters
    ----------
    runs : (n,) int64
        Benign, resisted and hijacked ones.
    bits : (rows, F) float64
    offsets : (n + 1,) int64
    """

    runs: Int
    bits: Float
    offsets: Int

    def take(self, columns: tuple[int, ...]) -> "CrossFitted":
        """Return some of the ratios alone."""
        return CrossFitted(self.runs, self.bits[:, columns], self.offsets)

    def beside(self, other: "CrossFitted") -> "CrossFitted":
        """Return the ratios of both."""
        return CrossFitted(self.runs, np.concatenate([self.bits, other.bits], axis=1), self.offsets)


def cross_fitted(traces: Traces, config: JudgeConfig, scheme: str) -> CrossFitted:
    """Return the ratios of all runs of the fitting families with an outcome.

    Parameters
    ----------
    traces, config :
    scheme : str
        "family" or "lineage": what is left out of the fit of the chains that score it.
    """
    runs = traces.runs(_SCORED, test=False)
    base = Selection.load().detector
    blocks: dict[int, Float] = {}

    def rows(fitting: Int, scored: Int) -> Float:
        bits, offsets = fit_call_ratios(traces, fitting, config, base).rows(traces, scored)
        blocks.update(zip(scored.tolist(), np.split(bits, offsets[1:-1]), strict=True))
        return np.zeros(len(scored))

    cross_validate(traces, scheme, runs, rows)
    ordered = [blocks[run] for run in runs.tolist()]
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in ordered])]).astype(np.int64)
    return CrossFitted(runs, np.concatenate(ordered), offsets)


def _most_suspect(suspicion: Float, offsets: Int) -> Int:
    """Return the first row of each run with the largest value, (runs,)."""
    most = np.maximum.reduceat(suspicion, offsets[:-1])
    places = np.flatnonzero(suspicion == np.repeat(most, np.diff(offsets)))
    return places[np.searchsorted(places, offsets[:-1])]


def fit_weights(
    traces: Traces, runs: Int, bits: Float, offsets: Int
) -> tuple[Float, dict[str, float]]:
    """Return weights, none below 0, and offsets by suite, from benign and hijacked runs.

    First of the largest of each ratio in a run; then, a few times, of the ratios of the call that
    the last weights find the most suspect.
    """
    values = np.maximum.reduceat(bits, offsets[:-1], axis=0)
    weights, suites = weigh(traces, Shapes(runs, shaped(values)))
    shapes = shaped(bits)
    for _ in range(_ROUNDS):
        rows = _most_suspect(shapes @ weights, offsets)
        weights, suites = weigh(traces, Shapes(runs, shapes[rows]))
    return weights, suites


def _rows_of(fitted: CrossFitted, places: Int) -> tuple[Int, Float, Int]:
    """Return runs, ratios and offsets of some of the runs."""
    lengths = np.diff(fitted.offsets)[places]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    shift = np.repeat(fitted.offsets[places] - offsets[:-1], lengths)
    return fitted.runs[places], fitted.bits[shift + np.arange(offsets[-1])], offsets


def nested_scores(traces: Traces, fitted: CrossFitted, scheme: str) -> Float:
    """Return the weighed sum of each whole run, (n,): chains and weights are fitted to others."""
    place = {run: at for at, run in enumerate(fitted.runs.tolist())}

    def score(fitting: Int, runs: Int) -> Float:
        others = fitting[np.isin(traces.label[fitting], JUDGED)]
        weights, suites = fit_weights(
            traces, *_rows_of(fitted, np.array([place[run] for run in others.tolist()]))
        )
        _, bits, offsets = _rows_of(fitted, np.array([place[run] for run in runs.tolist()]))
        most = np.maximum.reduceat(shaped(bits) @ weights, offsets[:-1])
        return most + np.array([suites[str(name)] for name in traces.suite[runs]])

    return cross_validate(traces, scheme, fitted.runs, score)


def _upper(values: Float, weights: Float) -> float:
    """Return a mean and 2 standard errors more."""
    mean = float(np.average(values, weights=weights))
    error = np.sqrt((weights**2 * (values - mean) ** 2).sum()) / weights.sum()
    return float(mean + 2.0 * error)


def fit_bet(traces: Traces, runs: Int, odds: dict[str, Float]) -> Bet:
    """Return the bet with the largest mean log2 e on hijacked runs, scaled to be safe.

    The scale is 1 / the largest mean (with 2 standard errors) over every lineage's benign and
    resisted runs, in both schemes, repeats counted once and each time.

    Parameters
    ----------
    traces, runs :
    odds : dict of str to (n,) float64
        Nested log odds by scheme.
    """
    hijacked = runs[traces.label[runs] == "hijacked"]
    share = traces.distinct_weights[hijacked]
    best: tuple[float, Bet] | None = None
    for power, most in product(_POWERS, _MOST):
        bet = Bet(1.0, power, most)
        values = {scheme: bet.of(odds[scheme]) for scheme in SCHEMES}
        limit = max(
            _upper(values[scheme][of], weights[of])
            for scheme in SCHEMES
            for lineage in np.unique(traces.lineages[runs])
            for label in NULL
            for weights in (traces.distinct_weights[runs], np.ones(len(runs)))
            for of in [(traces.lineages[runs] == lineage) & (traces.label[runs] == label)]
        )
        gains = [
            np.average(np.log2(values[scheme][traces.label[runs] == "hijacked"]), weights=share)
            for scheme in SCHEMES
        ]
        gain = float(np.mean(gains)) - float(np.log2(limit))
        if best is None or gain > best[0]:
            best = (gain, Bet(1.0 / limit, power, most))
    assert best is not None, "there are candidates"
    return best[1]


def _fit_part(traces: Traces, fitted: dict[str, CrossFitted], columns: tuple[int, ...]) -> Part:
    used = {scheme: one.take(columns) for scheme, one in fitted.items()}
    scores = {scheme: nested_scores(traces, one, scheme) for scheme, one in used.items()}
    family = used["family"]
    chosen = choice()["calibration"]["chosen"]
    lines = fit_lines(traces, family.runs, scores[chosen["scheme"]], chosen["penalty"])
    odds = {scheme: lines.score(one) for scheme, one in scores.items()}
    places = np.flatnonzero(np.isin(traces.label[family.runs], JUDGED))
    weights, suites = fit_weights(traces, *_rows_of(family, places))
    return Part(columns, weights, suites, lines, fit_bet(traces, family.runs, odds))


def fit_judge(traces: Traces, config: JudgeConfig | None = None) -> RunJudge:
    """Fit the judge; runs of the held-out families are not read.

    Chains: all runs of GPT and Claude. Weights: runs of each family as chains fitted to the other
    see them. Log odds and e-values: scores of each group by chains and weights fitted to others.
    """
    config = chosen_config() if config is None else config
    fitted = {scheme: cross_fitted(traces, config, scheme) for scheme in SCHEMES}
    known, new = (
        _fit_part(traces, fitted, columns_of(len(config.orders), known=known))
        for known in (True, False)
    )
    fitting = traces.runs(FITTING_LABELS, test=False)
    ratios = fit_call_ratios(traces, fitting, config, Selection.load().detector)
    return RunJudge(ratios, known, new)
