"""A small campaign in virtual time and one process: real nodes, messages that take their time.

Writes the same histories as the processes do.
"""

import copy
import heapq
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from consilience.distributed.reads.read_node import ReadNode
from consilience.distributed.write_ahead_log import WriteAheadLog
from consilience_hw.spec.log_format import Q16_16
from tests.campaigns.partition.cluster import STAGGER
from tests.campaigns.partition.history import History, load
from tests.campaigns.partition.node_process import DEADLINE_NS, frame_of
from tests.campaigns.partition.settings import Settings

__all__ = ["SETTINGS", "Delays", "VirtualRun"]

SETTINGS = Settings(
    3, 3, enrolled=4, faulty_share=6, changes_per_s=4, burst_s=1, pace_s=1, period_s=0.5,
    grace_ms=1_000, half_life_ms=1_000, max_age_ms=4_000,
)  # fmt: skip
Delays = Callable[[int, int, int], list[int]]
"""Speaker, hearer and time in ns to the delays after which copies arrive; none: lost."""
_TICK = 10**8
_MS = 10**6


class VirtualRun:
    """Three nodes, from their start to the end of one cut and its healing.

    Parameters
    ----------
    folder : Path
    delays : callable
        What the network does.
    """

    def __init__(self, folder: Path, delays: Delays) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._delays = folder, delays
        self._now = 10**9
        self._lines: dict[int, list[dict[str, Any]]] = {node: [] for node in (1, 2, 3)}
        self._campaign: list[dict[str, Any]] = [
            {"type": "settings", "t": 0, "deadline": DEADLINE_NS, "format": Q16_16.identifier}
            | vars(SETTINGS)
        ]
        self._logs = {node: WriteAheadLog(folder / str(node)) for node in (1, 2, 3)}
        self._nodes = {node: self._start(node) for node in (1, 2, 3)}
        self._flying: list[tuple[int, int, int, bytes]] = []
        self._number = 0

    def run(self) -> History:
        """Six seconds of quiet, four of cut, two of quiet with frames, two without, final reads."""
        start, end, final, over = (self._now + second * 10**9 for second in (6, 10, 14, 15))
        plans = [(start, 20, 2 * _TICK), (end + 2 * _TICK, 10, 2 * _TICK), (final, 2, _TICK)]
        due = {node: self._dues(node, plans) for node in self._nodes}
        waiting = {node: next(times, None) for node, times in due.items()}
        ticks = 0
        while self._now < over:
            for node in self._nodes:
                if ticks % 5 == node % 5:
                    self._say(node)
                if ticks % 10 == 2 * node and self._now < end + 2 * 10**9:
                    self._accept(node)
            until = self._now + _TICK
            while (event := self._next(waiting)) and event[0] <= until:
                moment, node = event
                if node:
                    self._now = max(self._now, moment)  # reads take a little
                    self._read(node, moment)
                    waiting[node] = next(due[node], None)
                else:
                    self._now, _, hearer, data = heapq.heappop(self._flying)
                    self._nodes[hearer].receive(data)
            self._now, ticks = until, ticks + 1
        self._note(
            "nemesis", nemesis="cut", start=start, end=end, healed=end, final=final, over=over
        )
        for log in self._logs.values():
            log.close()
        return self.written()

    def _next(self, waiting: dict[int, int | None]) -> tuple[int, int] | None:
        """Return when the next read is due and at which node; node 0: a message comes."""
        events = [(moment, node) for node, moment in waiting.items() if moment is not None]
        if self._flying:
            events.append((self._flying[0][0], 0))
        return min(events, default=None)

    def written(self) -> History:
        """Write the histories and return them as read back."""
        for name, lines in [("campaign", self._campaign), *self._lines.items()]:
            file = self._folder / (
                f"node-{name:03}.jsonl" if name in self._nodes else f"{name}.jsonl"
            )
            file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return load(self._folder)

    def copied(self, folder: Path) -> "VirtualRun":
        """Return a run of the same histories, to be spoiled in another folder."""
        other = copy.copy(self)
        other._folder = folder
        other._lines, other._campaign = copy.deepcopy((self._lines, self._campaign))
        return other

    def lines(self, kind: str, op: str) -> Iterator[dict[str, Any]]:
        """Yield the nodes' lines of a kind, to be spoiled."""
        for lines in self._lines.values():
            yield from (one for one in lines if (one["type"], one.get("op")) == (kind, op))

    def _start(self, number: int) -> ReadNode:
        def sleep(seconds: float) -> None:
            self._now += round(seconds * 1e9)

        node = ReadNode(number, SETTINGS.rule, self._logs[number], lambda: self._now, sleep)
        self._lines[number].append(
            {"type": "start", "t": self._now, "node": number, "life": 1, "version": 0}
            | {"zero": node.start_ns}
        )
        return node

    def _dues(self, node: int, plans: list[tuple[int, int, int]]) -> Iterator[int]:
        for first, count, spacing in plans:
            if node == 1:
                self._note("reads", first=first, count=count, spacing=spacing, stagger=STAGGER)
            first += spacing * (node % STAGGER) // STAGGER
            yield from range(first, first + count * spacing, spacing)

    def _note(self, kind: str, **fields: Any) -> None:
        self._campaign.append({"type": kind, "t": self._now, **fields})

    def _say(self, node: int) -> None:
        data = self._nodes[node].dated_state()
        for other in self._nodes:
            if other != node:
                for delay in self._delays(node, other, self._now):
                    self._number += 1
                    heapq.heappush(self._flying, (self._now + delay, self._number, other, data))

    def _accept(self, node: int) -> None:
        seq = sum(1 for one in self._lines[node] if one.get("op") == "frame") // 2
        frame = frame_of(1, node, seq, SETTINGS.enrolled)
        line = {"op": "frame", "life": 1, "seq": seq}
        said = {"reporter": frame.reporter, "ratio": frame.ratio}
        self._lines[node].append({"type": "invoke", "t": self._now, **line, **said})
        ack = self._nodes[node].accept(seq, frame)
        done = {"fresh": ack.fresh, "version": ack.version, "at": ack.at_ns}
        self._lines[node].append({"type": "ok", "t": self._now, **line, **done})

    def _read(self, node: int, due: int) -> None:
        read = {"op": "read", "life": 1, "due": due}
        self._lines[node].append({"type": "invoke", "t": self._now, **read})
        try:
            done = {"type": "ok", "cpu_wait": 0, **self._nodes[node].read().as_dict()}
        except ValueError as error:
            done = {"type": "fail", "error": repr(error)}
        self._now += _MS
        self._lines[node].append({"t": self._now, **read, **done})
