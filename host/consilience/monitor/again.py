"""Lines that were there before: of runs that have ended, and of a file that is given twice."""

from dataclasses import replace
from typing import Any
from zlib import crc32

from consilience.errors import BadInput
from consilience.monitor.ended_runs import EndedRuns
from consilience.monitor.observation import NOTES, Observation, What
from consilience.monitor.recent_runs import RecentRuns
from consilience.monitor.run_ranking import RunRanking

__all__ = ["FirstLines", "is_end_again", "is_said_again"]

Ended = EndedRuns | RecentRuns

_KEPT = 50
_LEAST_DIFFERENT = 10


def is_said_again(seen: Observation, ended: Ended, ranking: RunRanking) -> bool:
    """Return whether a line says of a run what was said of it: a run ends once in its history.

    Raises
    ------
    BadInput
        It says something else of a run that has ended.
    """
    if not seen.named or seen.what in NOTES:
        return False
    score = ended.score(seen.agent, seen.run)
    if score is None:
        started = ranking.started(seen.agent, seen.run)
        return seen.what is What.START and started is not None and seen.at in (None, started)
    if seen.score is None or seen.score == score:
        return True
    if seen.what is not What.WHOLE and seen.score < score:
        return True  # what came before its end; the highest has counted
    raise BadInput(
        f"run {seen.run!r} of agent {seen.agent!r} has ended before with another score; give each "
        "run of an agent a name of its own, or remove this line (of reporters: --faulty)"
    )


def is_end_again(seen: Observation, ended: Ended) -> bool:
    """Return whether a line says the end of a run once more, where lines are calls.

    Raises
    ------
    BadInput
        It is a call of a run that has ended.
    """
    if seen.what not in (What.CALL, What.END) or ended.score(seen.agent, seen.run) is None:
        return False
    if seen.what is What.END:
        return True
    raise BadInput(
        f"run {seen.run!r} of agent {seen.agent!r} has ended; give each run of an agent a name of "
        "its own, or remove this line"
    )


class FirstLines:
    """Notices that lines whose runs have no names come once more from the first on.

    Such lines cannot be told from runs that are alike, so they count; but it is said.
    """

    def __init__(self) -> None:
        self._first: list[int] = []
        self._met = 0
        self.times = 0
        """How often the first 50 lines have come once more."""

    @property
    def facts(self) -> list[Any]:
        """What it has seen, as JSON holds it."""
        return [self._first, self._met, self.times]

    @facts.setter
    def facts(self, facts: list[Any]) -> None:
        self._first, self._met, self.times = facts

    def see(self, seen: Observation) -> None:
        """Take a line."""
        named = replace(seen, run=seen.run if seen.named else "")
        mark = crc32(repr(named).encode())
        if len(self._first) < _KEPT:
            self._first.append(mark)
            return
        if mark != self._first[self._met]:
            self._met = 0
        self._met += mark == self._first[self._met]
        if self._met == _KEPT:
            self._met = 0
            self.times += len(set(self._first)) >= _LEAST_DIFFERENT
