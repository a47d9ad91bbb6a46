"""Runs of which several reporters speak, some of whom lie: what is certain, whoever does.

Scores: let S be the median (the lower one of an even number) of what the n enrolled reporters of a
run would say honestly. With at most f of them lying or silent, S lies between two of the reported
scores. A run is ranked with the lower of these, and stands in the history with the upper one: its
rank is never higher than that of S among the medians before it, which are exchangeable while the
agent behaves. Increments: `dependent_reports`, or `independent_reports`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from consilience.errors import BadInput
from consilience.monitor.agent_index import AgentId
from consilience.monitor.contradictions import Contradictions
from consilience.monitor.history import INFINITE, LEAST
from consilience.monitor.lying_reports import dependent_reports, independent_reports
from consilience.monitor.observation import Observation, What
from consilience.monitor.reporter_standing import ReporterStanding
from consilience.monitor.voices import Voices

__all__ = ["ReportOptions", "ReportedRuns", "Value", "median_bounds", "repeats", "value_of"]

Value = int | tuple[int, ...]


@dataclass(frozen=True)
class ReportOptions:
    """Who reports.

    Parameters
    ----------
    faulty : int
        f: so many reporters of a run may lie or be silent, others of the next.
    reporters : int
        n, enrolled for each agent: more than 3 f.
    separate : bool
        Of increments: reporters have observations of their own, independent given the past.
    """

    faulty: int
    reporters: int
    separate: bool = False

    def __post_init__(self) -> None:
        if not 0 <= 3 * self.faulty < self.reporters:
            raise BadInput(
                f"--reporters {self.reporters}, and --faulty {self.faulty} needs "
                f"{3 * self.faulty + 1} or more (n > 3 f) of each agent; lower --faulty, or enrol "
                "more"
            )

    @property
    def doubt(self) -> str | None:
        """What liars can prevent where scores are reported, with the cure; None: nothing."""
        if not self.faulty or self.reporters > 4 * self.faulty:
            return None
        return (
            f"{self.faulty} of {self.reporters} reporters who say the least can keep an agent from "
            f"ever alarming; {4 * self.faulty + 1} reporters cure it (n > 4 f)"
        )


def median_bounds(
    scores: Sequence[int], options: ReportOptions, *, closed: bool
) -> tuple[int, int]:
    """Return two scores between which the honest median lies, whoever lies.

    Who alters one of n values moves each order statistic by one place at most. A silent reporter
    is one of the f. Before a run is closed those that are missing may still say anything.

    Parameters
    ----------
    scores : sequence of int
        Of those who have reported.
    options : ReportOptions
    closed : bool
        No more will come.
    """
    n, f = options.reporters, options.faulty
    silent, median = n - len(scores), (n + 1) // 2
    ascending = sorted(scores)
    if closed and silent > f:
        return LEAST, INFINITE
    low = median - f - (0 if closed else silent)
    high = median + f - (silent if closed else 0)
    return (
        ascending[low - 1] if 1 <= low <= len(ascending) else LEAST,
        ascending[high - 1] if high <= len(ascending) else INFINITE,
    )


class ReportedRuns:
    """Gathers the reports of each run.

    Parameters
    ----------
    options : ReportOptions

    Attributes
    ----------
    contradictions : Contradictions
    standing : ReporterStanding
    voices : Voices
    """

    def __init__(self, options: ReportOptions) -> None:
        self.options = options
        self.contradictions = Contradictions()
        self.standing = ReporterStanding()
        self.voices = Voices()
        self._open: dict[tuple[AgentId, AgentId], dict[AgentId, Value]] = {}
        self._names: dict[AgentId, set[AgentId]] = {}

    @property
    def lacking(self) -> int:
        """Runs that have begun and of which reports are missing."""
        return len(self._open)

    def said(self, agent: AgentId, run: AgentId) -> Mapping[AgentId, Value] | None:
        """Return what was said of a run, by reporter; None: it has not begun, or has closed."""
        return self._open.get((agent, run))

    def names(self, agent: AgentId) -> Collection[AgentId]:
        """Return the reporters of an agent that have spoken."""
        return self._names.get(agent, ())

    def is_repeated(self, seen: Observation) -> bool:
        """Return whether a report is there already; BadInput if it says something else now."""
        return repeats(self.said(seen.agent, seen.run), seen)

    def check(
        self,
        seen: Observation,
        known: Mapping[AgentId, Value] | None,
        names: Collection[AgentId],
    ) -> None:
        """Raise BadInput for a line that cannot be.

        Parameters
        ----------
        seen : Observation
            Without a reporter that is one; of a reporter more than there are; the end of a run that
            has not begun.
        known : mapping or None
            What was said of its run; None: nothing, it has not begun.
        names : collection
            The reporters of its agent that have spoken.
        """
        if seen.what is What.START:
            return
        if seen.reporter is None:
            if seen.what is not What.END:
                raise BadInput(
                    "no reporter; with --faulty each line names who says it (column reporter)"
                )
            if known is None:
                raise BadInput(
                    f"run {seen.run!r} of agent {seen.agent!r} has no report; its end closes what "
                    "has begun"
                )
        elif seen.reporter not in names and len(names) >= self.options.reporters:
            raise BadInput(
                f"reporter {seen.reporter!r} of agent {seen.agent!r} is one more than --reporters "
                f"{self.options.reporters}; begin anew with all that are enrolled"
            )

    def judged(self, seen: Observation) -> Observation | None:
        """Return what a line makes of its run; None: nothing yet. Nothing is noted.

        Raises
        ------
        BadInput
            See `check`.
        """
        known = self.said(seen.agent, seen.run)
        self.check(seen, known, self.names(seen.agent))
        if seen.what is What.START:
            return replace(seen, at_most=INFINITE)
        reports = dict(known or {})
        if seen.reporter is not None:
            reports[seen.reporter] = value_of(seen)
        closed = seen.what is What.END or len(reports) == self.options.reporters
        if seen.increments is not None or not _are_scores(reports):
            increments = self._increments(reports) if closed else None
            if increments is None:
                return None
            return replace(seen, what=What.END, increments=increments)
        low, high = median_bounds(list(_scores(reports).values()), self.options, closed=closed)
        what = What.END if closed else What.SCORE
        return replace(seen, what=what, score=low, at_most=high, opens=known is None)

    def note(self, seen: Observation) -> bool:
        """Note a line that was taken; return whether it closed a run that too few reported."""
        key = seen.agent, seen.run
        reports = self._open.setdefault(key, {})
        if seen.reporter is not None:
            reports[seen.reporter] = value_of(seen)
            self._names.setdefault(seen.agent, set()).add(seen.reporter)
        if len(reports) < self.options.reporters and seen.what is not What.END:
            return False
        del self._open[key]
        if _are_scores(reports):
            scores = _scores(reports)
            low, high = median_bounds(list(scores.values()), self.options, closed=True)
            outside = [name for name, one in scores.items() if not low <= one <= high]
            said = self.contradictions.note_scores(seen.agent, scores)
        else:
            said = {name: one[0] for name, one in reports.items() if isinstance(one, tuple)}
            outside = self._left_out(said)
            self.contradictions.note_increments(said)
        self.standing.note(reports, outside)
        self.standing.compare(said)
        return self.options.reporters - len(reports) > self.options.faulty

    @property
    def facts(self) -> dict[str, Any]:
        """What it holds, as JSON holds it."""
        return {
            "open": sorted(([*key, sorted(one.items(), key=repr)] for key, one in
                            self._open.items()), key=repr),
            "names": sorted(([agent, sorted(one, key=repr)] for agent, one in
                             self._names.items()), key=repr),
            "contradictions": self.contradictions.facts,
            "standing": self.standing.facts,
            "voices": self.voices.facts,
        }  # fmt: skip

    def restore(self, facts: Mapping[str, Any]) -> None:
        """Go on from what it held."""
        for agent, run, reports in facts["open"]:
            self._open[agent, run] = {
                name: tuple(one) if isinstance(one, list) else one for name, one in reports
            }
        self._names = {agent: set(names) for agent, names in facts["names"]}
        self.contradictions.restore(facts["contradictions"])
        if "standing" in facts:  # states of before count from here on
            self.standing.restore(facts["standing"])
            self.voices.restore(facts["voices"])

    def speakers(self, seen: Observation, judged: Observation) -> list[AgentId]:
        """Return who says of a run as much as is counted: of scores as high as it is ranked with,
        of increments more than 0.

        Parameters
        ----------
        seen : Observation
            The last line, which was not noted yet.
        judged : Observation
            What it makes of its run.
        """
        reports = dict(self.said(seen.agent, seen.run) or {})
        if seen.reporter is not None:
            reports[seen.reporter] = value_of(seen)
        if _are_scores(reports):
            low = LEAST if judged.score is None else judged.score
            return [name for name, one in _scores(reports).items() if LEAST < low <= one]
        return [name for name, one in reports.items() if isinstance(one, tuple) and max(one) > 0]

    def _left_out(self, said: Mapping[AgentId, int]) -> list[AgentId]:
        """Return who may lie, and is left out: the highest, of the first bet."""
        silent = self.options.reporters - len(said)
        ascending = sorted(said.values())
        kept = ascending[: len(ascending) - max(self.options.faulty - silent, 0)]
        least = max(kept[-1], 0) if self.options.separate and kept else kept[-1] if kept else 0
        return [name for name, one in said.items() if one > least]

    def _increments(self, reports: Mapping[AgentId, Value]) -> tuple[int, ...] | None:
        """Return the increments that hold whoever lies; None if too many are silent."""
        silent = self.options.reporters - len(reports)
        if silent > self.options.faulty:
            return None
        said = np.array([list(one) for one in reports.values() if isinstance(one, tuple)], np.int32)
        values = np.zeros((self.options.reporters, said.shape[1]), np.int32)
        values[: len(said)] = said
        present = (np.arange(self.options.reporters) < len(said))[np.newaxis]
        rule = independent_reports if self.options.separate else dependent_reports
        return tuple(
            int(rule(bet[np.newaxis], self.options.faulty, present=present)[0]) for bet in values.T
        )


def repeats(known: Mapping[AgentId, Value] | None, seen: Observation) -> bool:
    """Return whether a line of a run of which this is known says nothing new.

    BadInput if its reporter says something else now.
    """
    if seen.what is What.START:
        return known is not None
    if known is None or seen.reporter is None or seen.reporter not in known:
        return False
    if known[seen.reporter] != value_of(seen):
        raise BadInput(
            f"reporter {seen.reporter!r} has said something else of run {seen.run!r} of agent "
            f"{seen.agent!r}; a reporter speaks once of a run, remove one of the lines"
        )
    return True


def value_of(seen: Observation) -> Value:
    """Return what a report says: a score, or increments."""
    value = seen.increments if seen.increments is not None else seen.score
    assert value is not None
    return value


def _are_scores(reports: Mapping[AgentId, Value]) -> bool:
    return not any(isinstance(one, tuple) for one in reports.values())


def _scores(reports: Mapping[AgentId, Value]) -> dict[AgentId, int]:
    return {name: one for name, one in reports.items() if isinstance(one, int)}
