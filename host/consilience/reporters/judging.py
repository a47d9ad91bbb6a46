"""Decisions about agents from reporters of whom some lie, and the table of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from consilience.devices.cpu import CpuDevice
from consilience.errors import BadInput
from consilience.numbers.arrays import Codes
from consilience.reporters.reports import Reports, pairs_of
from consilience.reporters.reputation import Reputations
from consilience.reporters.robust_agents import PairSums, needed_to_decide, pair_sums
from consilience.reporters.thresholds import thresholds_of
from consilience.verdicts.decisions import UNDECIDED, DecisionRule
from consilience_hw.spec.number_formats import CLIP_BIN

__all__ = ["Judged", "ReporterJudge"]

_AGENTS = 4_096
"""At a time: their counts take 8 MB."""
_ULP = 2.0**-16


class Judged(NamedTuple):
    """Decisions about some agents.

    Parameters
    ----------
    choice : (agents,) int64
        Place in the rule's labels: certain, whoever of at most f lies, or undecided.
    leaning : list of str
        The most probable hypothesis by trimmed means; empty between equals.
    reporters : (agents,) int64
    sums : list of PairSums
        Of each pair.
    needed : list of list of int or None
        Of each pair: how many reporters would decide it.
    """

    choice: NDArray[np.int64]
    leaning: list[str]
    reporters: NDArray[np.int64]
    sums: list[PairSums]
    needed: list[list[int | None]]


class ReporterJudge:
    """Judges agents by robust fusion, and reporters by each other.

    Parameters
    ----------
    agent : str
        Name of the agent column.
    rule : DecisionRule
    prior : (H,) codes
    faulty : int
        f: most reporters that lie.
    clip : int
        c in ulp, a multiple of 128.

    Attributes
    ----------
    decisions, leanings : dict of str to int
        Agents so far; leanings of the undecided alone.
    needed : list of int
        Reporters that would decide the undecided, as far as more would.
    reputations : Reputations

    Raises
    ------
    BadInput
        Priors or costs that intervals of pairs cannot have.
    """

    def __init__(
        self, agent: str, rule: DecisionRule, prior: Codes, faulty: int, clip: int
    ) -> None:
        self._rule, self._faulty, self._clip = rule, faulty, clip
        self._unit = clip // CLIP_BIN
        self._pairs = pairs_of(len(rule.hypotheses))
        self._thresholds = thresholds_of(rule, prior, self._pairs)
        names = [f"{rule.hypotheses[a]}:{rule.hypotheses[b]}" for a, b in self._pairs]
        ends = ("low", "high", "mean", "needed")
        self._names = [agent, "decision", "leaning", "reporters", "rows"]
        self._names += [f"{name}_{end}" for name in names for end in ends]
        if self._names.count(agent) > 1:
            raise BadInput(
                f"column name {agent!r} is taken by the output's own columns "
                f"({', '.join(self._names[1:5])}); rename it"
            )
        self.decisions = dict.fromkeys((*rule.hypotheses, UNDECIDED), 0)
        self.leanings: dict[str, int] = {}
        self.needed: list[int] = []
        self.reputations = Reputations()

    def judge(self, reports: Reports, agents: int, names: pa.Array) -> Judged:
        """Return the decisions about the agents of some reports.

        Raises
        ------
        BadInput
            An agent has too few reporters.
        """
        counts = np.bincount(reports.agent, minlength=agents)
        few = np.flatnonzero(counts <= 3 * self._faulty)
        if len(few):
            raise BadInput(
                f"agent {names[int(few[0])].as_py()!r} has {counts[few[0]]} reporters, and "
                f"--faulty {self._faulty} needs {3 * self._faulty + 1} or more (n > 3 f) of each; "
                f"lower --faulty, or leave such agents out"
            )
        sums = [
            self._sums(reports, reports.ratios[:, place], agents)
            for place in range(len(self._pairs))
        ]
        towards = sum(one.bins * np.sign(one.others) for one in sums)
        beside = counts[reports.agent] > 1
        self.reputations.add(reports.reporter[beside], np.asarray(towards)[beside])
        needed = [
            needed_to_decide(one, counts, self._faulty, self._unit, at.above, at.below)
            for one, at in zip(sums, self._thresholds, strict=True)
        ]
        judged = Judged(
            self._choices(sums, reports), self._leanings(sums, counts), counts, sums, needed
        )
        self._count(judged)
        return judged

    def batch(self, agents: pa.Array, rows: NDArray[np.int64], judged: Judged) -> pa.RecordBatch:
        """Return decisions as rows of the table."""
        labels = np.array(self._rule.labels, dtype=object)
        columns: list[pa.Array] = [
            agents,
            pa.array(labels[judged.choice], pa.string()),
            pa.array(judged.leaning, pa.string()),
            pa.array(judged.reporters, pa.int64()),
            pa.array(rows, pa.int64()),
        ]
        bits = self._unit * _ULP
        kept = judged.reporters - 2 * self._faulty
        for one, needed in zip(judged.sums, judged.needed, strict=True):
            columns += [pa.array(one.low * bits), pa.array(one.high * bits)]
            columns += [pa.array(one.trimmed / kept * bits), pa.array(needed, pa.int64())]
        return pa.record_batch(columns, names=self._names)

    def _sums(self, reports: Reports, ratios: Codes, agents: int) -> PairSums:
        """Return the sums of a pair, some agents at a time."""
        parts = []
        for first in range(0, agents, _AGENTS):
            stop = min(first + _AGENTS, agents)
            start, end = np.searchsorted(reports.agent, [first, stop])
            part = Reports(
                reports.agent[start:end] - first,
                reports.reporter[start:end],
                reports.ratios[start:end],
            )
            parts.append(pair_sums(part, ratios[start:end], stop - first, self._faulty, self._unit))
        return PairSums(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _choices(self, sums: Sequence[PairSums], reports: Reports) -> NDArray[np.int64]:
        undecided = self._rule.labels.index(UNDECIDED)
        wins = np.zeros((len(self._rule.hypotheses), len(sums[0].low)), np.int64)
        choice = np.full(len(sums[0].low), undecided)
        for one, at in zip(sums, self._thresholds, strict=True):
            low, high = one.low * self._unit, one.high * self._unit
            wins[at.first] += low > at.above
            wins[at.second] += high < at.below
            if at.review is not None:
                place, above, below = at.review
                choice[(low > above) & (high < below)] = place
        best = wins.argmax(axis=0)
        won = wins.max(axis=0) == len(wins) - 1
        choice[won] = best[won]
        if len(wins) > 3:
            # Among the others there may be a circle: then no pair counts (`Device.robust`).
            limits = [at.prior for at in self._thresholds]
            with CpuDevice() as device:
                for agent in np.flatnonzero(won).tolist():
                    start, end = np.searchsorted(reports.agent, [agent, agent + 1])
                    found = device.robust(
                        reports.ratios[start:end], self._faulty, self._clip, limits
                    )
                    if not np.any(found.decision):  # 0 is undecided
                        choice[agent] = undecided
        return choice

    def _leanings(self, sums: Sequence[PairSums], counts: NDArray[np.int64]) -> list[str]:
        """Return the most probable hypothesis of each agent if all reporters say the mean."""
        wins = np.zeros((len(self._rule.hypotheses), len(counts)), np.int64)
        whole = counts.astype(object)  # Python's integers: nothing is cut
        for one, at in zip(sums, self._thresholds, strict=True):
            mean = one.trimmed.astype(object) * whole * self._unit
            level = at.prior * (whole - 2 * self._faulty)
            wins[at.first] += (mean > level).astype(np.int64)
            wins[at.second] += (mean < level).astype(np.int64)
        best, names = wins.argmax(axis=0), self._rule.hypotheses
        return [
            names[h] if top == len(names) - 1 else ""
            for h, top in zip(best.tolist(), wins.max(axis=0).tolist(), strict=True)
        ]

    def _count(self, judged: Judged) -> None:
        labels, undecided = self._rule.labels, self._rule.labels.index(UNDECIDED)
        for place, count in enumerate(np.bincount(judged.choice, minlength=len(labels)).tolist()):
            if count:
                self.decisions[labels[place]] = self.decisions.get(labels[place], 0) + count
        for agent in np.flatnonzero(judged.choice == undecided).tolist():
            leaning = judged.leaning[agent] or UNDECIDED
            self.leanings[leaning] = self.leanings.get(leaning, 0) + 1
            needed = [one[agent] for one in judged.needed]
            if len(needed) == 1 and needed[0] is not None:
                self.needed.append(needed[0])
