"""Runs of today against runs that are known to be good: a verdict for each agent."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from consilience.errors import BadInput
from consilience.models.baseline import GROUP, Baseline, prepared
from consilience.models.comparison import doubts
from consilience.models.model_file import FittedModel
from consilience.models.reasons import Reason, reason_of
from consilience.models.run import Run
from consilience.models.runs import Runs
from consilience.monitor.monitor import Monitor
from consilience.monitor.most_evidence import most_evidence
from consilience.monitor.moving_runs import MovedRun, MovingRuns, in_words
from consilience.monitor.promises import exact_number
from consilience.monitor.rank_terms import count_term, rank_term
from consilience.monitor.ranks_settings import RanksSettings
from consilience.monitor.run_ranking import RankedRun, RunRanking
from consilience.monitor.settings import MonitorSettings, monitor_settings

__all__ = [
    "ALARM",
    "QUIET",
    "UNTOLD",
    "AgentVerdict",
    "CheckOptions",
    "CheckResult",
    "Judged",
    "check_runs",
    "follow",
    "settings_of",
]

ALARM, QUIET, UNTOLD = "ALARM", "no alarm", "cannot tell"
"""Verdicts. `UNTOLD`: with so little history, or so few runs, no alarm was possible."""
_BIT = 65536
_REASONS = 6


@dataclass(frozen=True)
class CheckOptions:
    """What a user asks of a check.

    Parameters
    ----------
    false_alarm : str
        Probability that the check alarms at all, though every agent behaves as in the baseline.
    arl : str or None
        In its place: runs of an agent to a false alarm, on average.
    together : bool
        All agents are alike: one history.
    seed : int
        Of the ties between equal scores, u64.
    """

    false_alarm: str = "1/100"
    arl: str | None = None
    together: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Judged:
    """A run of today.

    Parameters
    ----------
    run : Run
    score : float
        Bits.
    rank, of : int
        1: higher than all before it.
    statistic : float
        Bits, after it.
    """

    run: Run
    score: float
    rank: int
    of: int
    statistic: float


@dataclass
class AgentVerdict:
    """What there is to say of an agent.

    Parameters
    ----------
    agent : str
    verdict : str
    why : str
        In words.
    history : int
        Good runs that its runs are ranked among.
    judged : list of Judged
    alarm : int or None
        Place in `judged` of the run that alarmed.
    reasons : list of Reason
        Of the runs that moved it most, the strongest first.
    own_model : bool
        Whether a model of its own scores its runs; else one of all agents.
    """

    agent: str
    verdict: str
    why: str
    history: int
    judged: list[Judged] = field(default_factory=list)
    alarm: int | None = None
    reasons: list[Reason] = field(default_factory=list)
    own_model: bool = False

    @property
    def highest(self) -> float:
        """The highest statistic so far, in bits; 0 without runs."""
        return max((one.statistic for one in self.judged), default=0.0)


@dataclass
class CheckResult:
    """A check.

    Parameters
    ----------
    verdicts : list of AgentVerdict
        Alarms first, then by the highest statistic.
    threshold : float
        Bits.
    promise : str
    warnings : list of str
    model : FittedModel
    baseline : Baseline
    seed : int
        Of the ties: with it the same files give the same verdicts.
    """

    verdicts: list[AgentVerdict]
    threshold: float
    promise: str
    warnings: list[str]
    model: FittedModel
    baseline: Baseline
    seed: int

    @property
    def alarms(self) -> list[AgentVerdict]:
        """The agents that alarmed."""
        return [one for one in self.verdicts if one.verdict == ALARM]

    def as_json(self) -> dict[str, Any]:
        """Return the whole as JSON."""
        return {
            "alarms": len(self.alarms),
            "agents": [_told(one) for one in self.verdicts],
            "threshold_bits": round(self.threshold, 4),
            "promise": self.promise,
            "source": "conformal",
            "runs_today": sum(len(one.judged) for one in self.verdicts),
            "runs_fitted_on": len(self.baseline.fitted_on),
            "runs_of_history": sum(map(len, self.baseline.history.values())),
            "model": self.model.model.kind,
            "seed": str(self.seed),
            "warnings": self.warnings,
        }


def check_runs(
    today: Runs, baseline: Runs, options: CheckOptions, model: FittedModel | str | None = None
) -> CheckResult:
    """Judge the runs of today, agent by agent, each among the agent's own good runs.

    A part of the baseline fits the model, the rest is the history: scores of runs that the model
    was fitted on would be too low, and good runs of today would alarm.

    Parameters
    ----------
    today, baseline : Runs
    options : CheckOptions
    model : FittedModel, str or None
        One that is fitted already, or the kind to fit; None: the kind that reads such files.

    Raises
    ------
    BadInput
        Files that do not go together, or no agent with enough good runs.
    """
    made = prepared(today, baseline, model, together=options.together)
    differs = doubts(today, baseline, together=options.together)
    warnings = [*baseline.warnings, *today.warnings, *differs, *made.warnings]
    count = sum(len(made.today[agent]) for agent in made.judged)
    if not count:
        raise BadInput(made.lacking())
    settings, promise = settings_of(options, count)
    monitor = Monitor(settings)
    verdicts = []
    rankings: dict[str, RunRanking] = {}
    for agent in made.today:
        verdicts.append(_judged(agent, made, monitor, rankings, options))
    verdicts.sort(key=lambda one: (one.verdict != ALARM, -one.highest, one.agent))
    absent = [agent for agent in made.history if agent not in made.today]
    if absent and not options.together:
        warnings.append(
            f"{len(absent)} agents of the baseline have no run today, the first {absent[0]!r}: "
            "nothing is said of them"
        )
    return CheckResult(
        verdicts, settings.threshold / _BIT, promise, warnings, made.model, made, options.seed
    )


def settings_of(options: CheckOptions, runs: int) -> tuple[MonitorSettings, str]:
    """Return the monitor's settings, and their promise in words.

    In mode restart P(an alarm within n runs) <= n 2**-A, and over agents the bounds add up.
    """
    if options.arl is not None:
        settings = monitor_settings(arl=options.arl)
        return settings, f"{options.arl} runs of a good agent on average, or more, to a false alarm"
    share = exact_number(options.false_alarm, "--false-alarm")
    if not 0 < share < 1:
        raise BadInput(
            f"--false-alarm {options.false_alarm}: a probability between 0 and 1, as 1/100"
        )
    settings = monitor_settings(arl=Fraction(max(runs, 2)) / share)
    return settings, (
        f"if all agents behave as in the baseline, this check of {runs:,} runs alarms with "
        f"probability {options.false_alarm} at most"
    )


def _judged(
    agent: str,
    made: Baseline,
    monitor: Monitor,
    rankings: dict[str, RunRanking],
    options: CheckOptions,
) -> AgentVerdict:
    name = GROUP if options.together else agent
    past = made.history.get(name)
    if past is None:
        return AgentVerdict(agent, UNTOLD, made.needs[agent], 0)
    if name not in rankings:
        rankings[name] = _ranked_history(name, past, made, options)
    ranking = rankings[name]
    verdict = AgentVerdict(agent, QUIET, "", len(past), own_model=made.model.has_own(agent))

    def ranked() -> Iterator[tuple[Run, float, RankedRun]]:
        for number, run in enumerate(made.today[agent]):
            score, row = made.score(run), f"today {number} {run.name}"
            yield run, score / _BIT, _rank(ranking, agent, row, score, name, options)

    for run, without in follow(verdict, ranked(), monitor, ranking.settings):
        verdict.reasons.append(reason_of(made.model, run.run, run.rank, run.of, without))
    return verdict


def follow(
    verdict: AgentVerdict,
    ranked: Iterable[tuple[Run, float, RankedRun]],
    monitor: Monitor,
    ranks: RanksSettings,
    unit: str = "runs",
) -> list[tuple[Judged, float | None]]:
    """Let a monitor take an agent's ranked runs; say in the verdict what became of it, and why.

    Parameters
    ----------
    verdict : AgentVerdict
        Without runs; it is filled.
    ranked : iterable of (Run, float, RankedRun)
        Each with its score in bits.
    monitor : Monitor
    ranks : RanksSettings
    unit : str
        What a run is called.

    Returns
    -------
    list of (Judged, float or None)
        The runs that moved it most to its alarm, the strongest first, with the statistic without
        each in bits (None: minus infinity); none without an alarm.
    """
    agent, moved = verdict.agent, list[MovedRun]()
    moving = MovingRuns(monitor.settings)
    for number, (run, score, one) in enumerate(ranked):
        assert one.increments is not None
        before, state = monitor.statistic(agent), moving.before(monitor, agent)
        found = monitor.update([agent], [one.increments])
        statistic = int(found.statistic[0])
        moving.note(agent, number, one.increments, state, statistic)
        verdict.judged.append(Judged(run, score, one.rank, one.ranks, statistic / _BIT))
        if len(found.alarms) and verdict.alarm is None:
            verdict.verdict, verdict.alarm = ALARM, number
            moved = moving.moved(agent, statistic, before)
    _tell(verdict, moved, monitor.settings, ranks, unit)
    return [
        (verdict.judged[int(one.run)], one.as_json()["without_bits"]) for one in moved[:_REASONS]
    ]


def _ranked_history(
    name: str, past: Sequence[Run], made: Baseline, options: CheckOptions
) -> RunRanking:
    history = "group" if options.together else "agent"
    ranking = RunRanking(RanksSettings.of(n0=len(past), history=history), options.seed)
    for number, run in enumerate(past):
        _rank(ranking, run.agent, f"good {number} {run.name}", made.score(run), name, options)
    return ranking


def _rank(
    ranking: RunRanking, agent: str, run: str, score: int, group: str, options: CheckOptions
) -> RankedRun:
    ranking.start(agent, run, 0, group if options.together else None)
    (found,) = ranking.finish(agent, run, score, 0)
    return found


def _tell(
    verdict: AgentVerdict,
    moved: Sequence[MovedRun],
    settings: MonitorSettings,
    ranks: RanksSettings,
    unit: str,
) -> None:
    """Say why, in words; and that no alarm was possible, where that is so."""
    runs, threshold = len(verdict.judged), settings.threshold / _BIT
    if verdict.alarm is not None:
        named = [one._replace(run=verdict.judged[int(one.run)].run.name) for one in moved]
        reached = round(verdict.judged[verdict.alarm].statistic * _BIT)
        words = in_words(named, reached, settings.threshold, unit)
        verdict.why = f"after {verdict.alarm + 1} of {runs} {unit}: {words}"
        return

    def best(run: int) -> list[int]:
        ranked = verdict.history + run + 1
        return [rank_term(1, kappa) + count_term(ranked, kappa) for kappa in ranks.kappas]

    least = most_evidence(settings, best).runs
    if runs and (least is None or runs < least):
        verdict.verdict = UNTOLD
        needed = "more" if least is None else f"{least - runs} more"
        verdict.why = (
            f"{runs} {unit} could not alarm whatever they were: {needed} are needed, or a longer "
            "baseline, or a higher --false-alarm"
        )
        return
    verdict.why = f"the statistic reached {verdict.highest:.1f} bits of {threshold:.1f}"


def _told(one: AgentVerdict) -> dict[str, Any]:
    told: dict[str, Any] = {
        "agent": one.agent,
        "verdict": one.verdict,
        "why": one.why,
        "runs": len(one.judged),
        "history": one.history,
        "own_model": one.own_model,
        "highest_statistic_bits": round(one.highest, 4),
    }
    if one.alarm is not None:
        told["alarm_run"] = one.judged[one.alarm].run.name
        told["alarm_after_runs"] = one.alarm + 1
        told["reasons"] = [reason.as_json() for reason in one.reasons]
    return told
