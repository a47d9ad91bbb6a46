"""Metrics of today against those of a time that is known to be good: a verdict for each stream.

Values of a stream hang together, so that not they are ranked but how much each surprises a model
that has seen all before it: surprises of a stream that goes on as it did are nearly exchangeable.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from consilience.errors import BadInput
from consilience.models.baseline import LEAST_HISTORY, WANTED, Baseline, refuse_fitted
from consilience.models.checking import (
    ALARM,
    QUIET,
    UNTOLD,
    AgentVerdict,
    CheckOptions,
    CheckResult,
    follow,
    settings_of,
)
from consilience.models.fitting import fit_model
from consilience.models.model_file import FittedModel
from consilience.models.numeric_model import NumericModel
from consilience.models.reasons import Reason
from consilience.models.run import Run
from consilience.models.runs import Runs
from consilience.monitor.monitor import Monitor
from consilience.monitor.ranks_settings import RanksSettings
from consilience.monitor.run_ranking import RankedRun, RunRanking

__all__ = ["check_streams"]

LEARNED = 100
"""First values of a baseline, which only teach the model."""
_PER_BIT = 64
"""Surprise is ranked as a whole number of these parts of a bit."""
_BIT = 65536


@dataclass(frozen=True)
class _Stream:
    """The values of one metric: each as a run of one step, in order."""

    name: str
    rows: list[Run]


def check_streams(
    today: Runs, baseline: Runs, options: CheckOptions, model: FittedModel | str | None = None
) -> CheckResult:
    """Judge the values of today, stream by stream, each among the surprises of the baseline.

    Parameters
    ----------
    today, baseline : Runs
        Of metrics.
    options : CheckOptions
    model : FittedModel, str or None
        One of kind numeric; its streams go on with the baseline. None: the first 100 values of
        each stream teach it.

    Raises
    ------
    BadInput
        Another kind of model, streams that do not go together, or none with enough values.
    """
    if options.together:
        raise BadInput("--together is of agents that are alike; metrics are judged one by one")
    if isinstance(model, FittedModel) and not isinstance(model.model, NumericModel):
        raise BadInput(f"--model is of kind {model.model.kind}; metrics need one of kind numeric")
    if isinstance(model, str) and model != NumericModel.kind:
        raise BadInput(f"--model {model}: metrics need the kind {NumericModel.kind}")
    good, new = _matched(_streams(baseline), _streams(today))
    known = model if isinstance(model, FittedModel) else None
    if known is not None:
        refuse_fitted(known, baseline.runs, baseline)
    learned = 0 if known else LEARNED
    fitted = known or fit_model(baseline, NumericModel.kind, None)
    needed = learned + LEAST_HISTORY
    judged = {name: rows for name, rows in new.items() if len(good.get(name, [])) >= needed}
    count = sum(map(len, judged.values()))
    needs = {name: _lack(len(good.get(name, [])), needed) for name in new if name not in judged}
    if not count:
        name = next(iter(needs))
        raise BadInput(f"no stream of today can be judged; {name!r}: {needs[name]}")
    settings, _ = settings_of(options, count)
    monitor, verdicts, history = Monitor(settings), [], dict[str, list[Run]]()
    for name, rows in new.items():
        if name in needs:
            verdicts.append(AgentVerdict(name, UNTOLD, needs[name], 0))
            continue
        made = _judged(name, good[name], rows, known, monitor, options.seed)
        history[name] = good[name][learned:]
        verdicts.append(made)
    verdicts.sort(key=lambda one: (one.verdict != ALARM, -one.highest, one.agent))
    warnings = [*baseline.warnings, *today.warnings]
    short = [name for name in judged if len(good[name]) < WANTED]
    if short:
        warnings.append(
            f"{len(short)} streams have short baselines, {short[0]!r} has {len(good[short[0]])} "
            f"values: an alarm takes longer; {WANTED} or more cure it"
        )
    absent = [name for name in good if name not in new]
    if absent:
        warnings.append(
            f"{len(absent)} streams of the baseline have no value today, the first {absent[0]!r}: "
            "nothing is said of them"
        )
    taught = [row for name in judged for row in good[name][:learned]]
    whole = Baseline(fitted, taught, history, new, needs)
    promise = (
        f"{options.arl} values of a good stream on average, or more, to a false alarm"
        if options.arl is not None
        else f"if surprises of today are exchangeable with those of the baseline, this check of "
        f"{count:,} values alarms with probability {options.false_alarm} at most"
    )
    return CheckResult(
        verdicts, settings.threshold / _BIT, promise, warnings, fitted, whole, options.seed
    )


def _streams(runs: Runs) -> list[_Stream]:
    """Return the streams, values in order of their runs; what is no number is left out."""
    found: dict[str, list[Run]] = {}
    for run in runs.runs:
        for step in run.steps:
            if step.score is None or np.isnan(float(step.score)):
                continue
            rows = found.setdefault(step.name, [])
            label = f"{step.time or f'value {len(rows) + 1}'} = {float(step.score):g}"
            rows.append(Run(run.agent, label, (step,), run.start, run.file))
    return [_Stream(name, rows) for name, rows in found.items()]


def _matched(
    good: Sequence[_Stream], new: Sequence[_Stream]
) -> tuple[dict[str, list[Run]], dict[str, list[Run]]]:
    """Return streams by name; one on each side is the same one, whatever its files are called."""
    before, now = ({one.name: one.rows for one in side} for side in (good, new))
    if not before.keys() & now.keys():
        if len(before) > 1 or len(now) > 1:
            raise BadInput(
                f"no metric of today has the name of one of the baseline ({next(iter(now), '')!r}, "
                f"{next(iter(before), '')!r}): give each stream's files one name"
            )
        before = dict(zip(now, before.values(), strict=True))
    both = [
        name
        for name in before.keys() & now.keys()
        if {_content(row) for row in before[name]} & {_content(row) for row in now[name]}
    ]
    if both:
        raise BadInput(
            f"values of {min(both)!r} are in today's files and in the baseline, with equal times; "
            "take them out of the baseline"
        )
    return before, now


def _content(row: Run) -> object:
    step = row.steps[0]
    return (step.time, step.score) if step.time is not None else object()


def _lack(there: int, needed: int) -> str:
    return (
        f"{there} values in the baseline; {needed - there} more are needed at least, "
        f"{max(WANTED + LEARNED - there, 0)} more are better"
    )


def _judged(
    name: str,
    good: list[Run],
    rows: list[Run],
    known: FittedModel | None,
    monitor: Monitor,
    seed: int,
) -> AgentVerdict:
    model = known.model if known else NumericModel(("normal",), {})
    assert isinstance(model, NumericModel)
    whole = Run(good[0].agent, name, tuple(row.steps[0] for row in [*good, *rows]))
    bits = model.surprise(whole)
    codes = np.floor(bits * _PER_BIT).astype(np.int64)
    first = 0 if known else LEARNED
    past, new = codes[first : len(good)], codes[len(good) :]
    ranking = RunRanking(RanksSettings.of(n0=len(past), binning=f"bits/{_PER_BIT}"), seed)
    for place, code in enumerate(past.tolist()):
        _rank(ranking, name, f"good {place}", code)
    verdict = AgentVerdict(name, QUIET, "", len(past), own_model=True)

    def ranked() -> Iterator[tuple[Run, float, RankedRun]]:
        surprise = bits[len(good) :].tolist()
        for number, (row, code) in enumerate(zip(rows, new.tolist(), strict=True)):
            yield row, surprise[number], _rank(ranking, name, f"today {number}", code)

    for row, without in follow(verdict, ranked(), monitor, ranking.settings, "values"):
        reason = Reason(row.run.name, row.score, row.rank, row.of, without, ())
        verdict.reasons.append(reason)
    return verdict


def _rank(ranking: RunRanking, name: str, row: str, code: int) -> RankedRun:
    ranking.start(name, row, 0)
    (found,) = ranking.finish(name, row, code, 0)
    return found
