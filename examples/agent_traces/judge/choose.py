"""Choice of the judge's chains: `python -m examples.agent_traces.judge.choose`, some minutes.

Writes `choice.json`. A candidate's score is the mean of four AUCs among GPT and Claude: hijacked
against benign and against resisted runs, a family and a lineage left out. Then, of the chosen
chains, how their sums become log odds, by log loss with a lineage and with a family left out
(``--calibration``: this alone). No run of the held-out families is read.
"""

import argparse
import json
from collections.abc import Callable, Iterator

import numpy as np
from sklearn.metrics import roc_auc_score

from ..cross_validation import SCHEMES
from ..traces import Traces
from .calibration import candidates as line_candidates
from .calibration import cross_validated_loss
from .call_ratios import JudgeConfig
from .fitting import CHOICE, NULL, CrossFitted, choice, cross_fitted, nested_scores
from .run_judge import columns_of

__all__ = ["TOLERANCE", "candidates", "choose", "choose_calibration", "cross_validated_auc"]

TOLERANCE = 0.001
"""Candidates this near to the best, in mean AUC or in nats of log loss, are taken for equal: the
folds tell no more."""
_ORDERS = ((0,), (1,), (3,), (0, 1), (0, 3), (0, 5), (1, 3), (0, 1, 3), (0, 3, 5))
_RESISTED = (0.1, 0.3, 1.0)
_CONCENTRATIONS = (0.1, 0.3, 1.0)


def candidates() -> Iterator[JudgeConfig]:
    """Yield every candidate."""
    for resisted in _RESISTED:
        for concentration in _CONCENTRATIONS:
            for orders in _ORDERS:
                yield JudgeConfig(orders, resisted, concentration)


def cross_validated_auc(traces: Traces, fitted: CrossFitted, scheme: str) -> dict[str, float]:
    """Return the AUC of hijacked runs against each kind of `NULL`, repeats counted once."""
    scores = nested_scores(traces, fitted, scheme)
    label, weights = traces.label[fitted.runs], traces.distinct_weights[fitted.runs]
    found = {}
    for null in NULL:
        of = (label == null) | (label == "hijacked")
        area = roc_auc_score(label[of] == "hijacked", scores[of], sample_weight=weights[of])
        found[null] = round(float(area), 4)
    return found


def choose(traces: Traces, report: Callable[[str], None] = print) -> dict[str, object]:
    """Try all candidates; return the content of `choice.json`.

    Of those within `TOLERANCE` of the best the fewest chains, of these the best.
    """
    single: dict[tuple[JudgeConfig, str], CrossFitted] = {}

    def fitted_of(config: JudgeConfig, scheme: str) -> CrossFitted:
        found: CrossFitted | None = None
        for order in config.orders:
            one = JudgeConfig((order,), config.resisted, config.concentration)
            if (one, scheme) not in single:
                single[one, scheme] = cross_fitted(traces, one, scheme)
            part = single[one, scheme]
            found = part if found is None else found.beside(part)
        assert found is not None, "a candidate has orders"
        return found

    tried = []
    for config in candidates():
        areas, new = {}, {}
        for scheme in SCHEMES:
            fitted = fitted_of(config, scheme)
            areas[scheme] = cross_validated_auc(traces, fitted, scheme)
            columns = columns_of(len(config.orders), known=False)
            new[scheme] = cross_validated_auc(traces, fitted.take(columns), scheme)
        mean = round(float(np.mean([list(one.values()) for one in areas.values()])), 4)
        one = {
            "orders": list(config.orders),
            "resisted": config.resisted,
            "concentration": config.concentration,
        }
        tried.append({**one, "auc": areas, "auc_unknown_task": new, "mean_auc": mean})
        report(f"{mean:.4f} {one}")
    best = max(one["mean_auc"] for one in tried)
    near = [one for one in tried if one["mean_auc"] >= best - TOLERANCE]
    chosen = min(near, key=lambda one: (len(one["orders"]), -one["mean_auc"]))
    return {
        "chosen": {name: chosen[name] for name in ("orders", "resisted", "concentration")},
        "candidates": tried,
    }


def choose_calibration(
    traces: Traces, config: JudgeConfig, report: Callable[[str], None] = print
) -> dict[str, object]:
    """Try all ways to log odds; return the part ``calibration`` of `choice.json`.

    Of those within `TOLERANCE` of the least log loss the one nearest to a line that all suites
    share: what suites have of their own is least sure for agents of another family.
    """
    sums: dict[str, list[np.ndarray[tuple[int], np.dtype[np.float64]]]] = {}
    for scheme in SCHEMES:
        fitted = cross_fitted(traces, config, scheme)
        columns = [columns_of(len(config.orders), known=known) for known in (True, False)]
        sums[scheme] = [nested_scores(traces, fitted.take(one), scheme) for one in columns]
    tried = []
    for scheme, penalty in line_candidates():
        loss = round(cross_validated_loss(traces, fitted.runs, sums[scheme], penalty), 5)
        tried.append({"scheme": scheme, "penalty": penalty, "log_loss": loss})
        report(f"{loss:.5f} {scheme} {penalty}")
    least = min(float(str(one["log_loss"])) for one in tried)
    near = [one for one in tried if float(str(one["log_loss"])) <= least + TOLERANCE]
    best = max(near, key=lambda one: nearness(one["penalty"]))
    return {
        "chosen": {name: best[name] for name in ("scheme", "penalty")},
        "candidates": tried,
    }


def nearness(penalty: object) -> float:
    """Return a penalty as a number: none at all is the nearest to one line."""
    return np.inf if penalty is None else float(str(penalty))


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calibration", action="store_true", help="keep the chains")
    traces = Traces.load()
    record = choice() if parser.parse_args().calibration else choose(traces)
    chosen = record["chosen"]
    config = JudgeConfig(tuple(chosen["orders"]), chosen["resisted"], chosen["concentration"])
    record = {**record, "calibration": choose_calibration(traces, config)}
    CHOICE.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _main()
