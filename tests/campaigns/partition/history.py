"""Histories as arrays: what the checkers judge. JSON lines in, nothing of the product."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Frames", "History", "Reads", "load"]

Ints = NDArray[np.int64]


@dataclass
class Frames:
    """The frames of one shard, by number, and when its state changed. Times in ns.

    Parameters
    ----------
    said : dict
        Number to (reporter, ratio), as the producer said it.
    invoked : dict
        Number to when it was sent first.
    acked : dict
        Number to when its first acknowledgement was there.
    changed : dict
        Version to when the state first had it, as the node says.
    started : list
        (t, version) of each start of the node.
    contradictions : int
        Frames that were said differently when sent again, or acknowledged out of turn.
    """

    said: dict[int, tuple[int, int]] = field(default_factory=dict)
    invoked: dict[int, int] = field(default_factory=dict)
    acked: dict[int, int] = field(default_factory=dict)
    changed: dict[int, int] = field(default_factory=dict)
    started: list[tuple[int, int]] = field(default_factory=list)
    contradictions: int = 0


@dataclass
class Reads:
    """Attempted reads, one row each, in the order of their nodes' histories.

    `answered` rows have an answer; of the others only node, incarnation, due and t count.
    """

    node: Ints
    incarnation: Ints
    due: Ints
    invoked: Ints
    t: Ints
    at: Ints
    answered: NDArray[np.bool_]
    cpu_wait: Ints
    numbers: dict[str, Ints]
    """point, bound, bound_ulp, low, high, unit, effective_weight."""
    decision: list[str]
    digest: list[str]
    shards: dict[str, NDArray[np.int32]]
    """incarnations, versions, ages, weights: one column a shard."""

    def __len__(self) -> int:
        return len(self.node)


@dataclass
class History:
    """All of one run.

    Parameters
    ----------
    settings : dict
    events : list of dict
        The campaign's own, in order.
    frames : dict
        By shard.
    starts : dict
        (node, incarnation) to when it was there.
    reads : Reads
    heard : Counter
        Messages by what became of them, over all nodes that left in order.
    torn : int
        Lines cut short by a kill.
    """

    settings: dict[str, Any]
    events: list[dict[str, Any]]
    frames: dict[int, Frames]
    starts: dict[tuple[int, int], int]
    reads: Reads
    heard: dict[str, int]
    torn: int


_NUMBERS = ("point", "bound", "bound_ulp", "low", "high", "unit", "effective_weight")
_SHARDS = ("incarnations", "versions", "ages", "weights")


class _Rows:
    """Columns of reads while they are read."""

    def __init__(self, shards: int) -> None:
        self._shards = shards
        self.columns: dict[str, list[Any]] = defaultdict(list)

    def add(self, node: int, zero: int, invoked: int, line: dict[str, Any]) -> None:
        columns, ok = self.columns, line["type"] == "ok"
        columns["node"].append(node)
        columns["incarnation"].append(line["life"])
        columns["due"].append(line["due"])
        columns["invoked"].append(invoked)
        columns["t"].append(line["t"])
        columns["answered"].append(ok)
        columns["cpu_wait"].append(line.get("cpu_wait", 0))
        columns["at"].append(zero + line["at"] if ok else 0)
        columns["decision"].append(line["decision"] if ok else "")
        columns["digest"].append(line["digest"] if ok else "")
        for name in _NUMBERS:
            columns[name].append(line[name] if ok else 0)
        for name in _SHARDS:
            values = line[name] if ok else [0] * self._shards
            columns[name].append(np.array(values, np.int32))

    def reads(self) -> Reads:
        columns = self.columns

        def ints(name: str) -> Ints:
            return np.array(columns[name], np.int64)

        return Reads(
            ints("node"),
            ints("incarnation"),
            ints("due"),
            ints("invoked"),
            ints("t"),
            ints("at"),
            np.array(columns["answered"], bool),
            ints("cpu_wait"),
            {name: ints(name) for name in _NUMBERS},
            columns["decision"],
            columns["digest"],
            {name: np.array(columns[name], np.int32).reshape(-1, self._shards) for name in _SHARDS},
        )


def load(folder: Path) -> History:
    """Return the history of a run's folder."""
    events = _lines(folder / "campaign.jsonl")[0]
    settings = next(event for event in events if event["type"] == "settings")
    rows, frames = _Rows(settings["nodes"]), {}
    starts: dict[tuple[int, int], int] = {}
    heard: dict[str, int] = defaultdict(int)
    torn = 0
    for node in range(1, settings["nodes"] + 1):
        lines, cut = _lines(folder / f"node-{node:03}.jsonl")
        torn += cut
        frames[node] = _take_node(node, lines, rows, starts, heard)
    return History(settings, events, frames, starts, rows.reads(), dict(heard), torn)


def _take_node(
    node: int,
    lines: list[dict[str, Any]],
    rows: _Rows,
    starts: dict[tuple[int, int], int],
    heard: dict[str, int],
) -> Frames:
    frames, zeros, invoked = Frames(), {}, 0
    for line in lines:
        kind = line["type"]
        if kind == "start":
            zeros[line["life"]] = line["zero"]
            starts[node, line["life"]] = line["t"]
            frames.started.append((line["t"], line["version"]))
        elif kind == "leave":
            for fate, count in line["heard"].items():
                heard[fate] += count
        elif line["op"] == "frame":
            _take_frame(frames, line, zeros)
        elif kind == "invoke":
            invoked = line["t"]
        else:
            rows.add(node, zeros[line["life"]], invoked, line)
    return frames


def _take_frame(frames: Frames, line: dict[str, Any], zeros: dict[int, int]) -> None:
    seq = line["seq"]
    if line["type"] == "invoke":
        said = line["reporter"], line["ratio"]
        frames.contradictions += frames.said.setdefault(seq, said) != said
        frames.invoked.setdefault(seq, line["t"])
        return
    frames.acked.setdefault(seq, line["t"])
    if line["fresh"]:
        frames.contradictions += line["version"] != seq + 1
        frames.changed.setdefault(line["version"], line["at"] + zeros[line["life"]])


def _lines(path: Path) -> tuple[list[dict[str, Any]], int]:
    """Return the lines of a file, and how many were cut short."""
    found, torn = [], 0
    with path.open() as file:
        for line in file:
            try:
                found.append(json.loads(line))
            except ValueError:
                torn += 1
    return found, torn
