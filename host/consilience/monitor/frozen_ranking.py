"""Runs with increments of a frozen table: in order of starts as ranks are, without a history."""

from bisect import bisect_right

from consilience.errors import BadInput
from consilience.monitor.agent_index import AgentId
from consilience.monitor.binomial_limits import SCALE
from consilience.monitor.frozen_table import FrozenTable
from consilience.monitor.history import PastScores, Rankable
from consilience.monitor.ranks_settings import RanksSettings
from consilience.monitor.run_ranking import RankedRun, RunRanking

__all__ = ["FrozenRanking"]


class _NoScores(PastScores):
    """A history that is not kept."""

    def add(self, score: int) -> None:
        """Forget the score."""


class FrozenRanking(RunRanking):
    """The events of runs, in; increments of their bins, out.

    A run counts in the order of starts, as for ranks: which of the open ones ends first may depend
    on their scores. `RankedRun.rank` of `ranks` is U of its bin, the upper limit of how many good
    runs have this bin or a higher one.

    Parameters
    ----------
    settings : RanksSettings
        The deadline and the binning of scores.
    table : FrozenTable
        With edges.
    """

    def __init__(self, settings: RanksSettings, table: FrozenTable) -> None:
        super().__init__(settings)
        if table.fields.edges is None:
            raise BadInput("the table has no edges; fit_scores keeps those it is given")
        self._edges, self._limits = table.fields.edges, table.fields.limits
        self._terms = table.codes.tolist()

    def lacking(self) -> dict[AgentId, int]:
        """Return no history: none is needed."""
        return {}

    def _kept(self, past: PastScores) -> PastScores:
        return _NoScores()

    def _rank(self, one: Rankable, certain: bool) -> RankedRun:
        """Return the increments of a run; of one that is open and not asked for, the least."""
        run, place = one.run, bisect_right(self._edges, one.run.score) if certain else 0
        limit, terms = self._limits[place], list(self._terms[place])
        return RankedRun(run.agent, run.run, run.score, limit, SCALE, terms)
