"""Lines of JSON: what became of a run that was judged, and alarms of runs and agents."""

from typing import Any

from consilience.monitor.alarm_scores import as_sent
from consilience.monitor.alarm_words import RUN_SAYS, SAYS
from consilience.monitor.binomial_limits import SCALE
from consilience.monitor.observation import Observation
from consilience.monitor.run_ranking import RankedRun
from consilience.monitor.settings import MonitorSettings

__all__ = ["agent_alarm", "moved_line", "run_alarm"]

_BIT = 65536


def run_alarm(
    run: RankedRun, seen: Observation, line: int, settings: MonitorSettings, share: object
) -> dict[str, Any]:
    """Return the alarm of one run; share is that of good runs that alarm so at most."""
    return {
        "alarm": "run",
        **_where(run, seen, line),
        "provisional": False,
        **_rank(run),
        "promise": f"at most {share} of good runs alarm so",
        "source": settings.source.name.lower(),
        "says": RUN_SAYS,
    }


def agent_alarm(moved: dict[str, Any], settings: MonitorSettings, promise: str) -> dict[str, Any]:
    """Return the alarm of an agent across its runs, by the line of the run that moved it."""
    return {
        "alarm": "agent",
        **moved,
        "provisional": False,
        "threshold_bits": _bits(settings.threshold),
        "promise": promise,
        "source": settings.source.name.lower(),
        "says": SAYS[settings.source],
    }


def _where(run: RankedRun, seen: Observation, line: int) -> dict[str, Any]:
    return {"agent": run.agent, "run": run.run, "at": seen.at, "line": line}


def _rank(run: RankedRun) -> dict[str, Any]:
    """Return the rank of a run; of a frozen table, the share of good runs that are so high."""
    if run.ranks == SCALE:
        return {"share_at_most": run.rank / SCALE}
    return {"rank": run.rank, "of": run.ranks}


def moved_line(
    run: RankedRun,
    seen: Observation,
    line: int,
    now: int,
    before: int,
    *,
    low_is_suspect: bool = False,
) -> dict[str, Any]:
    """Return what a run did to its agent's statistic."""
    moved: dict[str, Any] = {"increment_bits": [_bits(one) for one in run.increments or ()]}
    if run.ranks:
        moved = {"score": as_sent(run.score, low_is_suspect), **_rank(run), **moved}
    return {
        **_where(run, seen, line),
        "statistic_bits": _bits(now),
        "statistic": now,
        "before_bits": _bits(before),
        "moved": moved,
    }


def _bits(code: int) -> float | None:
    """Return a code in bits; None for the log of zero, which JSON has no number for."""
    return None if code == -(1 << 31) else round(code / _BIT, 4)
