"""The six checkers. Each takes a history and a span of it, and says which reads break its claim.

They share no code with the nodes: what is right comes from `golden`, from the frames alone.
"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tests.partition.golden import Golden, Truth
from tests.partition.history import History, Ints

__all__ = ["CHECKERS", "Case", "Finding", "judged"]

Marks = NDArray[np.bool_]
_ONE_BITS, _ONE = 16, 1 << 16
_NEVER = -1
_MS = 1_000_000
_SECOND = 1_000_000_000


@dataclass
class Finding:
    """What a checker found.

    Parameters
    ----------
    cases : int
        How many comparisons it made.
    broken : ndarray of bool
        Reads, of all the history's, that break the claim.
    others : Counter
        Violations that are no read's, by what they are.
    """

    cases: int
    broken: Marks
    others: Counter[str] = field(default_factory=Counter)

    @property
    def violations(self) -> int:
        return int(self.broken.sum()) + sum(self.others.values())


class Case:
    """A history, what is right for it, and the reads that are judged.

    Parameters
    ----------
    history : History
    spans : list of tuple
        (name, from, to) in ns: reads due there are judged. Those named ``final`` come when all
        is healed and no frame is under way.
    """

    def __init__(self, history: History, spans: list[tuple[str, int, int]]) -> None:
        self.history, self.spans = history, spans
        self.golden = Golden(history.settings, history.frames)
        self.truth = Truth(history.frames)
        reads = history.reads
        self.judged = np.zeros(len(reads), bool)
        self.final = np.zeros(len(reads), bool)
        for name, start, end in spans:
            inside = (reads.due >= start) & (reads.due < end)
            self.judged |= inside
            if name == "final":
                self.final |= inside
        self.rows: Ints = np.flatnonzero(self.judged & reads.answered)
        self.down = _down(history)
        self.counted, self.missing = self._due()

    def _due(self) -> tuple[Marks, int]:
        """Return which reads were due at nodes that were up, and how many of these there are not.

        Which were due follows from the campaign's orders, not from what nodes wrote.
        """
        history, reads = self.history, self.history.reads
        pairs = enumerate(zip(reads.node.tolist(), reads.due.tolist(), strict=True))
        rows = {pair: row for row, pair in pairs}
        deadline, counted, missing = history.settings["deadline"], self.none(), 0
        for event in (event for event in history.events if event["type"] == "reads"):
            spacing, count = event["spacing"], event["count"]
            for node in range(1, history.settings["nodes"] + 1):
                first = event["first"] + spacing * (node % event["stagger"]) // event["stagger"]
                for due in range(first, first + count * spacing, spacing):
                    inside = any(start <= due < end for _, start, end in self.spans)
                    if inside and not _is_down(self.down.get(node, []), due, due + deadline):
                        row = rows.get((node, due))
                        missing += row is None
                        if row is not None:
                            counted[row] = True
        return counted, missing

    def acked(self, until: int) -> Ints:
        """Return how many frames of each shard were acknowledged until then, shape (S,)."""
        frames = (frames for _, frames in sorted(self.history.frames.items()))
        return np.array([sum(t <= until for t in one.acked.values()) for one in frames], np.int64)

    def none(self) -> Marks:
        """Return marks of no read."""
        return np.zeros(len(self.history.reads), bool)

    def shard(self, name: str) -> Ints:
        """Return a column group of the judged reads that were answered, shape (R, S)."""
        return self.history.reads.shards[name][self.rows].astype(np.int64)

    def number(self, name: str) -> Ints:
        """Return a column of the judged reads that were answered, shape (R,)."""
        return self.history.reads.numbers[name][self.rows]

    def finding(self, cases: int, bad: Marks) -> Finding:
        """Return a finding from marks of the judged reads that were answered."""
        broken = self.none()
        broken[self.rows[bad]] = True
        return Finding(cases, broken)


def c1_availability(case: Case) -> Finding:
    """Every read that was due at a node that was up is answered within the deadline.

    Which reads were due follows from the campaign's orders, not from what nodes wrote.
    """
    history, reads = case.history, case.history.reads
    late = reads.t - reads.due > history.settings["deadline"]
    broken = case.counted & (late | ~reads.answered)
    others = Counter[str]()
    others["a read that was due is not in the history"] += case.missing
    for spans in case.down.values():
        others["a node that was killed never came back"] += any(end is None for _, end in spans)
    return Finding(int(case.counted.sum()) + case.missing, broken, +others)


def c2_honest_staleness(case: Case) -> Finding:
    """All frames acknowledged before a read's moment less the age it gives are in its version."""
    reads, ages, versions = case.history.reads, case.shard("ages"), case.shard("versions")
    at = reads.at[case.rows]
    bad = (at < reads.invoked[case.rows]) | (at > reads.t[case.rows])
    for shard, frames in sorted(case.history.frames.items()):
        acked = np.array(sorted(frames.acked.values()), np.int64)
        age = ages[:, shard - 1]
        needed = np.searchsorted(acked, at - age * _MS, "left")
        bad |= (age != _NEVER) & (versions[:, shard - 1] < needed)
        bad |= (age == _NEVER) & (versions[:, shard - 1] != 0)
    return case.finding(ages.size, bad)


def c3_monotonic_reads(case: Case) -> Finding:
    """Within a life of a node, (incarnation, version) of no shard goes back; its own never does."""
    reads, rows = case.history.reads, case.rows
    place = case.shard("incarnations") << 32 | case.shard("versions")
    bad, cases = np.zeros(len(rows), bool), 0
    for node in np.unique(reads.node[rows]):
        mine = np.flatnonzero(reads.node[rows] == node)
        mine = mine[np.lexsort((reads.t[rows][mine], reads.life[rows][mine]))]
        step = np.diff(place[mine], axis=0) < 0
        cases += step.size
        same_life = np.diff(reads.life[rows][mine]) == 0
        back = (step.any(axis=1) & same_life) | step[:, node - 1]
        bad[mine[1:][back]] = True
    return case.finding(cases, bad)


def c4_same_bits(case: Case) -> Finding:
    """Every digest is the golden model's of the versions beside it; at the end, of all frames."""
    history, versions = case.history, case.shard("versions")
    known = case.golden.known(versions)
    digests = [history.reads.digest[row] for row in case.rows]
    bad = np.array(
        [
            not there or case.golden.digest(row) != digest
            for row, there, digest in zip(versions, known, digests, strict=True)
        ],
        bool,
    )
    others = Counter[str]()
    for frames in history.frames.values():
        others["a frame said in two ways, or out of turn"] += frames.contradictions
        others["acknowledged frames with a gap"] += sorted(frames.acked) != list(
            range(len(frames.acked))
        )
    if case.final.any():
        last = case.acked(min(start for name, start, _ in case.spans if name == "final"))
        settled = case.final[case.rows]
        bad |= settled & (versions != last).any(axis=1)
        final = {digest for digest, end in zip(digests, settled, strict=True) if end}
        others["more than one digest at the end"] += len(final) != 1
        others["another digest at the end than all acknowledged frames have"] += final != {
            case.golden.digest(last)
        }
    found = case.finding(len(bad), bad)
    found.others = +others
    return found


def c5_bounded_error(case: Case) -> Finding:
    """The log-odds of all evidence of the moment are within the bound, and within the interval.

    Also: the decision is the interval's, the bound in ulp is the bound, and shards kept their rate
    of changes, on which the bound rests.
    """
    history, reads = case.history, case.history.reads
    low, high = case.truth.versions(reads.at[case.rows])
    one, other = case.golden.evidence(low), case.golden.evidence(high)
    least, most = np.minimum(one, other).sum(axis=1), np.maximum(one, other).sum(axis=1)
    point, bound = case.number("point"), case.number("bound")
    bad = (point + bound < least << _ONE_BITS) | (point - bound > most << _ONE_BITS)
    bad |= -(-bound >> _ONE_BITS) != case.number("bound_ulp")
    one, other = case.golden.binned(low), case.golden.binned(high)
    least, most = np.minimum(one, other).sum(axis=1), np.maximum(one, other).sum(axis=1)
    lowest, highest, unit = case.number("low"), case.number("high"), case.number("unit")
    bad |= (highest < least) | (lowest > most)
    above, below = lowest * unit > 0, highest * unit < 0
    right = np.where(above, "above", np.where(below, "below", "undecided"))
    bad |= right != np.array([reads.decision[row] for row in case.rows], dtype=str)
    others = Counter[str]()
    distance = -(-_SECOND // history.settings["changes_per_s"])
    for frames in history.frames.values():
        changes = np.array([frames.changed[v] for v in sorted(frames.changed)], np.int64)
        others["changes faster than allowed"] += int((np.diff(changes) < distance).sum())
    found = case.finding(2 * len(bad), bad)
    found.others = +others
    return found


def c6_weights(case: Case) -> Finding:
    """Weights fall with age, are 1 within the grace and at the end, 0 from the greatest age on."""
    settings, ages, weights = case.history.settings, case.shard("ages"), case.shard("weights")
    order = np.argsort(ages, axis=1, kind="stable")
    sorted_ages = np.take_along_axis(ages, order, axis=1)
    sorted_weights = np.take_along_axis(weights, order, axis=1)
    heard = sorted_ages[:, :-1] != _NEVER
    bad = ((np.diff(sorted_weights, axis=1) > 0) & heard).any(axis=1)
    never = ages == _NEVER
    bad |= (never & (weights != 0)).any(axis=1)
    fresh = ~never & (ages <= min(settings["grace_ms"], settings["max_age_ms"] - 1))
    bad |= (fresh & (weights != _ONE)).any(axis=1)
    bad |= ((ages >= settings["max_age_ms"]) & (weights != 0)).any(axis=1)
    bad |= ((weights < 0) | (weights > _ONE)).any(axis=1)
    bad |= case.final[case.rows] & (weights != _ONE).any(axis=1)
    pairs = np.unique(np.stack([ages[~never], weights[~never]], axis=1), axis=0)
    found = case.finding(ages.size, bad)
    found.others["one age, two weights"] += len(pairs) - len(np.unique(pairs[:, 0]))
    found.others["an older age with a greater weight"] += int((np.diff(pairs[:, 1]) > 0).sum())
    found.others = +found.others
    return found


CHECKERS = {
    "C1": c1_availability,
    "C2": c2_honest_staleness,
    "C3": c3_monotonic_reads,
    "C4": c4_same_bits,
    "C5": c5_bounded_error,
    "C6": c6_weights,
}


def judged(case: Case) -> dict[str, Finding]:
    """Return what each checker found."""
    return {name: check(case) for name, check in CHECKERS.items()}


def _down(history: History) -> dict[int, list[tuple[int, int | None]]]:
    """Return when nodes were stopped or killed: from the signal to its end, None if it never came.

    A killed node is up again when it says so in its history; which it must.
    """
    down: dict[int, list[tuple[int, int | None]]] = {}
    for event in history.events:
        if event["type"] == "signal" and event["signal"] == "SIGSTOP":
            for node in event["nodes"]:
                down.setdefault(node, []).append((event["t"], _going_on(history, node, event["t"])))
        elif event["type"] == "signal" and event["signal"] == "SIGKILL":
            for node in event["nodes"]:
                starts = (t for (who, _), t in history.starts.items() if who == node)
                after = sorted(t for t in starts if t > event["t"])
                down.setdefault(node, []).append((event["t"], after[0] if after else None))
    return down


def _going_on(history: History, node: int, after: int) -> int | None:
    """Return when a stopped node was told to go on."""
    for event in history.events:
        told = event["type"] == "signalled" and event["signal"] == "SIGCONT"
        if told and event["t"] > after and node in event["nodes"]:
            return int(event["t"])
    return None


def _is_down(spans: list[tuple[int, int | None]], start: int, end: int) -> bool:
    return any(begun <= end and (ended is None or start <= ended) for begun, ended in spans)
