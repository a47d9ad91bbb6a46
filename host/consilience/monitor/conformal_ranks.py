"""Conformal ranks: how a run's score compares with earlier ones, as increments of a monitor.

Nothing is assumed of scores but that an agent's runs are exchangeable while it behaves: that each
order of them is as likely. The rank of a new one among the earlier ones is then uniform, whatever
their distribution, and a bet on high ranks is an e-value.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience.devices.agent_rows import agent_ids
from consilience.errors import BadInput
from consilience.monitor.agent_index import AgentId
from consilience.monitor.ranks_settings import DEFAULT_KAPPAS, RanksSettings
from consilience.monitor.run_ranking import RankedRun, RunRanking
from consilience.numbers.arrays import Codes, plain_array

__all__ = ["ConformalRanks", "DueRuns"]


class DueRuns(NamedTuple):
    """Runs that became due, in order of starts; those of the first n0 are left out.

    Parameters
    ----------
    agents, runs : list
    increments : int32 array, shape (n, K)
    """

    agents: list[AgentId]
    runs: list[AgentId]
    increments: Codes


class ConformalRanks:
    """Scores of runs to increments; see docs/monitor.md.

    A score is an integer that says how suspect a run is, and never falls within it. A run is ranked
    against all runs of its history that started before it; it joins the history itself when every
    earlier one has ended or passed its deadline. So increments come in order of starts.

    Threads may share it: their calls take turns.

    Parameters
    ----------
    kappas : sequence
        Bets, one component each: a / 2**b between 0 and 1.
    n0 : int
        So many first runs of a history are history alone; 50 or more, fixed without seeing scores.
    ties : str
        "seeded": equal scores share their ranks by chance; "full": all count against the run, and
        then the promise is for the first alarm only.
    seed : int, optional
        u64, secret; needed for seeded ties.
    contaminated : int
        So many of the first runs may have been bad; each costs detection.
    deadline : int, optional
        So long after its start, in the caller's clock, a run counts with the score it has then.
    history : str
        "agent": each its own; "group": one for each group given to `start`, whose agents must be
        exchangeable together.
    binning : str
        Name of the way scores were made integers: bytes of another way are refused.

    Raises
    ------
    BadInput
        Values out of range, or seeded ties without a seed.
    """

    def __init__(
        self,
        kappas: Sequence[str | Fraction | float] = DEFAULT_KAPPAS,
        n0: int = 100,
        ties: str = "seeded",
        seed: int | None = None,
        contaminated: int = 0,
        deadline: int | None = None,
        history: str = "agent",
        binning: str = "",
    ) -> None:
        settings = RanksSettings.of(kappas, n0, ties, contaminated, deadline, history, binning)
        self.ranking = RunRanking(settings, seed)

    @classmethod
    def from_bytes(cls, data: bytes, seed: int | None = None) -> "ConformalRanks":
        """Return the ranks of their canonical bytes; the seed is not in them.

        Raises
        ------
        ImpossibleState
            No sequence of calls gives these bytes.
        BadInput
            Another seed than that of the bytes, or none.
        """
        made = cls.__new__(cls)
        made.ranking = RunRanking.from_bytes(data, seed)
        return made

    def __bytes__(self) -> bytes:
        return bytes(self.ranking)

    def start(self, agent: AgentId, run: AgentId, at: int, group: AgentId | None = None) -> DueRuns:
        """Note the start of a run; return what became due by the clock.

        Parameters
        ----------
        agent, run : int, str or bytes
        at : int
            The caller's clock, which never goes back within a history.
        group : int, str or bytes, optional
            For histories of groups; an agent stays in the group of its first run.
        """
        return self._due(self.ranking.start(agent, run, at, group))

    def observe(self, agent: AgentId, run: AgentId, score: int, at: int) -> DueRuns:
        """Note the score of an open run so far: with a deadline, the last before it counts."""
        return self._due(self.ranking.observe(agent, run, score, at))

    def provisional(self, agent: AgentId, run: AgentId, score: int) -> Codes | None:
        """Return the increments that an open run has for certain, for `update(commit=False)`.

        Each earlier run of its history that is still open counts as the worst that it can be, so
        that a provisional alarm implies the final one. What the agent's own earlier runs bring is
        added, as it comes before.

        Returns
        -------
        int32 array, shape (K,), or None
            None among the first n0, or past the run's deadline.
        """
        found = self.ranking.provisional(agent, run, score)
        if found is None or found.increments is None:
            return None
        return np.array(found.increments, np.int32)

    def finish(
        self, agent: AgentId, run: AgentId, score: int, at: int, cut: str | None = None
    ) -> DueRuns:
        """Note the end of a run; return what became due by it, in order of starts.

        Parameters
        ----------
        agent, run : int, str or bytes
        score : int
            int64; the highest of the run counts.
        at : int
            See `start`.
        cut : str, optional
            Why it was cut: "independent" of its score, it counts as it is; "suspected", it is
            ranked with the score it has, and stands as infinite in the history.
        """
        return self._due(self.ranking.finish(agent, run, score, at, cut))

    def increments(
        self, agent: ArrayLike, run: ArrayLike, score: ArrayLike, at: int | None = None
    ) -> tuple[Codes, NDArray[np.bool_]]:
        """Start and finish runs, one after the other; in order.

        Parameters
        ----------
        agent, run : array_like, shape (n,)
        score : int64 array_like, shape (n,)
        at : int, optional
            The clock; default: that of the history.

        Returns
        -------
        (n, K) int32, (n,) bool
            Rows that are not ready, among the first n0, are 0.

        Raises
        ------
        BadInput
            Arrays that do not fit, or agents with open runs; nothing changed.
        """
        agents, runs = np.atleast_1d(agent_ids(agent)), np.atleast_1d(agent_ids(run))
        scores = np.atleast_1d(plain_array(score, "score"))
        if scores.dtype.kind == "u" and scores.size and int(scores.max()) >= 1 << 63:
            raise BadInput(f"score {scores.max()}: an integer of 64 bits, below 2**63")
        if scores.dtype.kind not in "iu" or not agents.shape == runs.shape == scores.shape:
            raise BadInput(
                "score must be integers (int64), one for each agent and run; a rank needs no unit, "
                "so multiply and round as you like, always alike"
            )
        found = np.zeros((len(agents), len(self.ranking.settings.kappas)), np.int32)
        ready = np.zeros(len(agents), np.bool_)
        due = self.ranking.in_order(agents.tolist(), runs.tolist(), scores.tolist(), at)
        for place, one in enumerate(due):
            if one.increments is not None:
                found[place], ready[place] = one.increments, True
        return found, ready

    def recalibrate(self, agent: AgentId) -> None:
        """Drop the history of an agent, or of its group, with its open runs: n0 new runs."""
        self.ranking.recalibrate(agent)

    def runs(self, agent: AgentId) -> tuple[int, int]:
        """Return how many runs an agent's history has, and how many are open; 0, 0 if unknown."""
        return self.ranking.runs(agent)

    def _due(self, due: list[RankedRun]) -> DueRuns:
        ready = [one for one in due if one.increments is not None]
        values = np.array([one.increments for one in ready], np.int32)
        return DueRuns(
            [one.agent for one in ready],
            [one.run for one in ready],
            values.reshape(len(ready), len(self.ranking.settings.kappas)),
        )
