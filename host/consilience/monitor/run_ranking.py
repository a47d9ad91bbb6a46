"""Runs ranked among the earlier ones of their history, one event at a time."""

from dataclasses import replace
from operator import index
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from consilience.errors import BadInput
from consilience.monitor.agent_index import AgentId, checked_id
from consilience.monitor.histories import Histories
from consilience.monitor.history import CUTS, OpenRun, Rankable
from consilience.monitor.many_ranks import RankTerms, many_chances, many_places
from consilience.monitor.rank_terms import count_term, rank_term
from consilience.monitor.ranks_bytes import RanksFields, pack_ranks, unpack_ranks
from consilience.monitor.ranks_settings import RanksSettings
from consilience.monitor.tie_chance import TieChance
from consilience.turns import in_turn

__all__ = ["RankedRun", "RunRanking"]

_WORD = 1 << 64
_MOST = 1 << 63
_MOST_KEPT = 1 << 16


class RankedRun(NamedTuple):
    """A run that became due.

    Parameters
    ----------
    agent, run : int, str or bytes
    score : int
    rank, ranks : int
        j, 1 the highest, of N.
    increments : list of int, or None
        A code for each bet; None among the first n0 of the history.
    """

    agent: AgentId
    run: AgentId
    score: int
    rank: int
    ranks: int
    increments: list[int] | None


class DueRuns(Protocol):
    """Runs that are to be ranked, column by column; see `many_runs.Due`."""

    agents: list[AgentId]
    scores: list[int]
    ordinals: list[int]
    above: list[int]
    at: list[int]
    past: list[int]
    waits: dict[int, RankedRun]


class RunRanking(Histories):
    """The events of runs, in; ranks, out. `ConformalRanks` says what is promised of them.

    Threads may share it: their calls take turns.

    Parameters
    ----------
    settings : RanksSettings
    seed : int, optional
        u64, secret; needed for seeded ties.

    Raises
    ------
    BadInput
        Seeded ties without a seed.
    """

    def __init__(self, settings: RanksSettings, seed: int | None = None) -> None:
        if settings.seeded and (seed is None or not 0 <= seed < _WORD):
            raise BadInput("seeded ties need a secret seed, 0 .. 2**64 - 1; secrets.randbits(64)")
        super().__init__(settings)
        self._rank_terms = RankTerms(settings)
        self._lowest: dict[int, list[int] | None] = {}
        self._chance = TieChance(seed) if settings.seeded and seed is not None else None

    @classmethod
    def from_bytes(cls, data: bytes, seed: int | None = None) -> "RunRanking":
        """Return the ranks of their canonical bytes; the seed is not in them.

        Raises
        ------
        ImpossibleState
            No sequence of calls gives these bytes.
        BadInput
            Another seed than that of the bytes, or none.
        """
        fields = unpack_ranks(data)
        made = cls(fields.settings, seed)
        made.take_up(fields)
        return made

    @in_turn
    def take_up(self, fields: RanksFields) -> None:
        """Go on from what bytes hold; BadInput if they are of other settings or another seed."""
        if fields.settings != self.settings:
            raise BadInput("the histories are of other settings; give the same")
        if self._seed_check != fields.seed_check:
            raise BadInput("the seed is another than that of the histories; pass the same one")
        self._histories, self._history_of = fields.histories, fields.history_of
        for history in self._histories.values():
            history.past = self._kept(history.past)

    @in_turn
    def __bytes__(self) -> bytes:
        fields = RanksFields(self.settings, self._seed_check, self._histories, self._history_of)
        return pack_ranks(fields)

    @in_turn
    def start(
        self,
        agent: AgentId,
        run: AgentId,
        at: int,
        group: AgentId | None = None,
        at_most: int | None = None,
    ) -> list[RankedRun]:
        """Note the start of a run; return what became due by the clock.

        Parameters
        ----------
        agent, run : int, str or bytes
        at : int
            The caller's clock, which never goes back within a history.
        group : int, str or bytes, optional
            For histories of groups; an agent stays in the group of its first run.
        at_most : int, optional
            See `finish`.
        """
        agent, run, at = checked_id(agent), checked_id(run), _checked_clock(at)
        name = self._name(agent, None if group is None else checked_id(group))
        history = self._histories.get(name) or self._new_history()
        due = history.start(agent, run, at, at_most)
        self._histories[name], self._history_of[agent] = history, name
        return self._ranked(due)

    @in_turn
    def observe(
        self, agent: AgentId, run: AgentId, score: int, at: int, at_most: int | None = None
    ) -> list[RankedRun]:
        """Note the score of an open run so far: with a deadline, the last before it counts."""
        agent, run, score = checked_id(agent), checked_id(run), _checked_score(score)
        history = self._history(agent)
        at = _checked_clock(at)
        open_run = history.find(agent, run, at)
        if open_run is not None and not history.is_over(open_run, at):
            open_run.score, open_run.at_most = max(open_run.score, score), at_most
        return self._ranked(history.advance(at))

    @in_turn
    def provisional(self, agent: AgentId, run: AgentId, score: int) -> RankedRun | None:
        """Return what is certain of an open run; None past its deadline.

        Each earlier run of its history that is still open counts as the worst that it can be. What
        the agent's own earlier runs bring at least is in the increments, as it comes before.
        """
        agent, run, score = checked_id(agent), checked_id(run), _checked_score(score)
        history = self._history(agent)
        open_run = history.find(agent, run)
        if open_run is None:
            return None
        kept = open_run.score
        open_run.score = max(kept, score)
        try:
            before = history.before(open_run)
        finally:
            open_run.score = kept
        last = self._rank(before[-1]._replace(run=replace(open_run, score=max(kept, score))), True)
        if last.increments is None:
            return last
        earlier = (
            self._rank(one, True).increments if one.run.ended else self._worst(one)
            for one in before[:-1]
        )
        ready = [one for one in earlier if one is not None]
        total = [sum(column) for column in zip(*ready, last.increments, strict=True)]
        return last._replace(increments=total)

    def _worst(self, one: Rankable) -> list[int] | None:
        """Return the increments of a run that may be the lowest of all: by their number alone."""
        if one.past not in self._lowest:
            if len(self._lowest) >= _MOST_KEPT:
                self._lowest.clear()
            self._lowest[one.past] = self._rank(one, False).increments
        return self._lowest[one.past]

    @in_turn
    def finish(
        self,
        agent: AgentId,
        run: AgentId,
        score: int,
        at: int,
        cut: str | None = None,
        at_most: int | None = None,
    ) -> list[RankedRun]:
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
        at_most : int, optional
            The score is uncertain, and not higher than this: with it the run stands in the history.
        """
        if cut not in (None, *CUTS):
            raise BadInput(f"cut {cut!r} is none of {', '.join(CUTS)} (of the score)")
        agent, run, score = checked_id(agent), checked_id(run), _checked_score(score)
        history = self._history(agent)
        at = _checked_clock(at)
        open_run = history.find(agent, run, at)
        if open_run is not None and not history.is_over(open_run, at):
            open_run.score = max(open_run.score, score)
            open_run.ended, open_run.suspected = True, cut == "suspected"
            open_run.at_most = at_most
        due = history.advance(at)
        history.overdue.discard((agent, run))  # past its deadline it has counted already
        return self._ranked(due)

    @in_turn
    def in_order(
        self, agents: list[AgentId], runs: list[AgentId], scores: list[int], at: int | None
    ) -> list[RankedRun]:
        """Start and finish runs, one after the other; BadInput if agents have open ones."""
        for one in dict.fromkeys(agents):
            if self.runs(one)[1]:
                raise BadInput(f"runs of {one!r} are open; finish() them, and start() these")
        found = []
        for agent, run, score in zip(agents, runs, scores, strict=True):
            now = self.clock(agent) if at is None else at
            self.start(agent, run, now)
            found += self.finish(agent, run, score, now)
        return found

    @in_turn
    def recalibrate(self, agent: AgentId) -> None:
        """Drop the history of an agent, or of its group, with its open runs: n0 new runs."""
        self._history(agent).recalibrate()

    def ranked_many(
        self, due: DueRuns
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32], NDArray[np.bool_]]:
        """Return j, N and the increments of runs, as `finish` and `provisional` have them.

        Parameters
        ----------
        due : DueRuns
            Runs and the past scores of their moments.

        Returns
        -------
        ranks, numbers : (n,) int64
        increments : (n, K) int32
            Of those that are judged; else 0.
        judged : (n,) bool
        """
        numbers = np.array(due.past, np.int64) + 1
        ranks, increments = self._many(due, numbers)
        judged = numbers > self.settings.n0
        for place, run in due.waits.items():
            ranks[place], numbers[place] = run.rank, run.ranks
            judged[place] = run.increments is not None
            if run.increments is not None:
                increments[place] = run.increments
        return ranks, numbers, increments, judged

    def _many(
        self, due: DueRuns, numbers: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        chances = None
        if self._chance is not None:
            chances = many_chances(self._chance, due.agents, due.ordinals)
        above, at = np.array(due.above, np.int64), np.array(due.at, np.int64)
        ranks = many_places(above, at, chances) + self.settings.contaminated
        ranks = np.minimum(ranks, numbers)
        increments = np.zeros((len(ranks), len(self.settings.kappas)), np.int32)
        judged = numbers > self.settings.n0
        increments[judged] = self._rank_terms.increments(ranks[judged], numbers[judged])
        return ranks, increments

    @property
    def _seed_check(self) -> bytes:
        return self._chance.check if self._chance else bytes(4)

    def _ranked(self, due: list[Rankable]) -> list[RankedRun]:
        return [self._rank(one, certain=True) for one in due]

    def _rank(self, one: Rankable, certain: bool) -> RankedRun:
        """Return the rank of a run; of one that is open and not asked for, the worst."""
        ranks = one.past + 1
        rank = min(self._place(one) + self.settings.contaminated, ranks) if certain else ranks
        increments = None
        if one.past >= self.settings.n0:
            bets = self.settings.kappas
            increments = [rank_term(rank, kappa) + count_term(ranks, kappa) for kappa in bets]
        return RankedRun(one.run.agent, one.run.run, one.run.score, rank, ranks, increments)

    def _place(self, one: Rankable) -> int:
        if self._chance is None:
            return 1 + one.above + one.at
        run: OpenRun = one.run
        return 1 + one.above + (self._chance.of(run.agent, run.ordinal) * (1 + one.at) >> 64)


def _checked_score(score: int) -> int:
    try:
        value = index(score)
    except TypeError:
        value = _MOST
    if not -_MOST <= value < _MOST or isinstance(score, bool):
        raise BadInput(f"score {score!r}: an integer of 64 bits; multiply and round, always alike")
    return value


def _checked_clock(at: int) -> int:
    try:
        return index(at)
    except TypeError:
        raise BadInput(f"the clock {at!r} must be an integer; give whole ns or ms") from None
