"""Reports that come over a network: late, twice, several at once; see `implied`.

- The first report of a run starts it; its start, sent then, says nothing.
- A report that came is known again; another one by the same reporter cannot be.
- A report of a run that has closed says nothing.
"""

from dataclasses import dataclass, field, replace

from consilience.monitor.agent_index import AgentId
from consilience.monitor.implied import Implied
from consilience.monitor.observation import Observation, What
from consilience.monitor.reported_runs import ReportedRuns, Value, repeats, value_of

__all__ = ["ImpliedReports"]

Run = tuple[AgentId, AgentId]


@dataclass
class ImpliedReports(Implied):
    """What is known of runs of which several speak, and what the lines of one call will have said.

    Parameters
    ----------
    reports : ReportedRuns
    """

    reports: ReportedRuns = field(kw_only=True)
    _said: dict[Run, dict[AgentId, Value]] = field(default_factory=dict)
    _names: dict[AgentId, set[AgentId]] = field(default_factory=dict)
    _closed: set[Run] = field(default_factory=set)

    def whole(self, seen: Observation) -> Observation:
        """Return a line that was checked, with a clock that does not go back."""
        ranking, at = self.ranking, None
        if ranking is not None and ranking.settings.deadline is not None and seen.at is not None:
            at = max(seen.at, ranking.clock(seen.agent))
        return replace(seen, at=at)

    def _is_again(self, seen: Observation) -> bool:
        key, reports = (seen.agent, seen.run), self.reports
        if key in self._closed or self.ended.score(*key) is not None:
            return True
        known = self._said.get(key)
        if known is None and (before := reports.said(*key)) is not None:
            known = dict(before)
        if repeats(known, seen):
            return True
        names = self._names.get(seen.agent)
        if names is None:
            names = set(reports.names(seen.agent))
        reports.check(seen, known, names)
        known = self._said[key] = known or {}
        if seen.reporter is not None:
            known[seen.reporter] = value_of(seen)
            names.add(seen.reporter)
            self._names[seen.agent] = names
        if seen.what is What.END or len(known) == reports.options.reporters:
            self._closed.add(key)
        return False

    def _closes(self, seen: Observation) -> bool:
        """Return whether a line closes its run, as `_is_again` has noted."""
        return (seen.agent, seen.run) in self._closed

    def _note_end(self, seen: Observation) -> None:
        """Do nothing: a report does not end its run by itself."""
