"""Runs with increments of a frozen table: in order of starts as ranks are, without a history."""

from bisect import bisect_right

import numpy as np
from numpy.typing import NDArray

from consilience.errors import BadInput
from consilience.monitor.agent_index import AgentId
from consilience.monitor.binomial_limits import SCALE
from consilience.monitor.frozen_table import FrozenTable
from consilience.monitor.history import Rankable
from consilience.monitor.past_scores import PastScores
from consilience.monitor.ranks_settings import RanksSettings
from consilience.monitor.run_ranking import DueRuns, RankedRun, RunRanking

__all__ = ["FrozenRanking"]


class _NoScores(PastScores):
    """A history that is not kept."""

    def enter(self, score: int) -> tuple[int, int]:
        """Forget the score."""
        return 0, 0


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

    def ranked_many(
        self, due: DueRuns
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32], NDArray[np.bool_]]:
        """Return the limits of many runs, as ranks of `SCALE`, and their increments."""
        bins = np.searchsorted(np.array(self._edges, np.int64), due.scores, side="right")
        ranks = np.array(self._limits, np.int64)[bins]
        increments = np.array(self._terms, np.int32)[bins]
        for place, run in due.waits.items():
            assert run.increments is not None
            ranks[place], increments[place] = run.rank, run.increments
        count = len(due.scores)
        return ranks, np.full(count, SCALE), increments, np.ones(count, bool)
