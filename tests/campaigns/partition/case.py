"""What checkers judge: some reads of a history, and what is right for them."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tests.campaigns.partition.golden import Golden, Truth
from tests.campaigns.partition.history import History, Ints

__all__ = ["Case", "Finding", "Marks"]

Marks = NDArray[np.bool_]


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

    def stood_still(self, node: int, start: int, end: int) -> bool:
        """Return whether a node was stopped or killed at some time in between."""
        return _is_down(self.down.get(node, []), start, end)

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
