"""A node of the campaign: the product's `ReadNode` in a process of its own, and its recorder.

Three threads: the network's, the producer's (frames, one after the other, again until
acknowledged) and the reader's. A read's clock starts when it was due, whether or not the thread
was awake then, and ends when the answer is there.
"""

import asyncio
import json
import os
import random
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consilience.distributed.batching_loop import BatchingLoop
from consilience.distributed.multi_site_pubsub import MultiSitePubsub
from consilience.distributed.reads.gossip import Gossip
from consilience.distributed.reads.own_shard import boot_time_ns
from consilience.distributed.reads.read_node import ReadNode
from consilience.distributed.reads.shard_state import Report
from consilience.distributed.write_ahead_log import WriteAheadLog
from tests.campaigns.partition.children import real_time
from tests.campaigns.partition.settings import Settings

__all__ = ["DEADLINE_NS", "NodePlan", "Recorder", "frame_of", "run_node"]

DEADLINE_NS = 100_000_000
"""In which a read is to be answered."""
_GATHER_S = 0.05
_RESENT = 2
"""Acknowledged frames that a restarted producer sends again."""


@dataclass(frozen=True)
class NodePlan:
    """What a node is told at its start.

    Parameters
    ----------
    shard : int
    folder : Path
        For its log and its history.
    urls : tuple of str
        Of the servers, the own site's first.
    settings : Settings
    offset_ns : int
        What its clocks are ahead of the machine's; for its history only.
    reads : sequence of tuple
        Reads to begin with: (first, count, spacing) in ns of the machine's time.
    """

    shard: int
    folder: Path
    urls: tuple[str, ...]
    settings: Settings
    offset_ns: int
    reads: Sequence[tuple[int, int, int]]


def frame_of(seed: int, shard: int, seq: int, enrolled: int) -> Report:
    """Return the frame of a number: the same at every start of its producer."""
    chance = random.Random(f"{seed} {shard} {seq}")
    reporter = seq if seq < enrolled else chance.randrange(enrolled)
    return Report(reporter, round(chance.gauss(0.8, 1.5) * 65536))


class Recorder:
    """Writes a history: one write per line, so that a kill cuts at most the last one short."""

    def __init__(self, path: Path, offset_ns: int = 0) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self._offset = offset_ns

    def now(self) -> int:
        """Return the machine's time since its start, in ns."""
        return boot_time_ns() - self._offset

    def write(self, *lines: dict[str, Any]) -> None:
        text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
        os.write(self._file, text.encode())

    def note(self, kind: str, **fields: Any) -> None:
        """Write one line, with the time."""
        self.write({"type": kind, "t": self.now(), **fields})


def run_node(plan: NodePlan, orders: int) -> None:
    """Be a node until told to leave, by JSON lines from a file descriptor."""
    sys.setswitchinterval(0.001)
    recorder = Recorder(plan.folder / f"node-{plan.shard:03}.jsonl", plan.offset_ns)
    with WriteAheadLog(plan.folder / f"log-{plan.shard:03}") as log:
        node = ReadNode(plan.shard, plan.settings.rule, log)
        process, since = _Process(plan, node, recorder), recorder.now()
        recorder.note(
            "start",
            node=plan.shard,
            life=node.incarnation,
            zero=node.start_ns - plan.offset_ns,
            version=node.read().versions[plan.shard - 1],
        )
        with asyncio.Runner(loop_factory=lambda: BatchingLoop(_GATHER_S)) as runner:
            process.read(plan.reads, since)
            runner.run(process.run(orders))


class _Process:
    def __init__(self, plan: NodePlan, node: ReadNode, recorder: Recorder) -> None:
        self._plan, self._node, self._recorder = plan, node, recorder
        self._producing = threading.Event()
        self._left = asyncio.Event()

    async def run(self, orders: int) -> None:
        loop, talk = (
            asyncio.get_running_loop(),
            Gossip(self._node, self._plan.settings.period_s),
        )
        pubsub = MultiSitePubsub(self._plan.urls, greeting=talk.greeting)
        threading.Thread(target=self._produce, daemon=True).start()
        pending = bytearray()

        def obey() -> None:
            data = os.read(orders, 1 << 16)
            if not data:
                self._left.set()
            pending.extend(data)
            *lines, rest = pending.split(b"\n")
            pending[:] = rest
            for line in lines:
                self._obey(json.loads(line))

        loop.add_reader(orders, obey)
        speaking = asyncio.create_task(talk.run(pubsub))
        await self._left.wait()
        speaking.cancel()
        self._recorder.note("leave", heard=dict(self._node.counts))
        os._exit(0)

    def read(self, plans: Sequence[tuple[int, int, int]], since: int) -> None:
        """Read by plans of (first, count, spacing), but not what was due before `since`."""
        for plan in plans:
            threading.Thread(target=self._read, args=(*plan, since), daemon=True).start()

    def _obey(self, order: dict[str, Any]) -> None:
        if "produce" in order:
            (self._producing.set if order["produce"] else self._producing.clear)()
        if "reads" in order:
            self.read(order["reads"], self._recorder.now())
        if "leave" in order:
            self._left.set()

    def _produce(self) -> None:
        plan, recorder, life = self._plan, self._recorder, self._node.incarnation
        settings = plan.settings
        seq = max(0, self._node.read().versions[plan.shard - 1] - _RESENT)
        while True:
            self._producing.wait()
            frame = frame_of(settings.seed, plan.shard, seq, settings.enrolled)
            recorder.note(
                "invoke",
                op="frame",
                life=life,
                seq=seq,
                reporter=frame.reporter,
                ratio=frame.ratio,
            )
            ack = self._node.accept(seq, frame)
            recorder.note(
                "ok",
                op="frame",
                life=life,
                seq=seq,
                fresh=ack.fresh,
                version=ack.version,
                at=ack.at_ns,
            )
            seq += 1
            time.sleep(settings.burst_s if seq < settings.enrolled else settings.pace_s)

    def _read(self, first: int, count: int, spacing: int, since: int) -> None:
        recorder = self._recorder
        real_time(2)  # before what is heard, here and at the other nodes of this machine
        waits = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
        waited = _run_delay(waits)
        for due in range(first, first + count * spacing, spacing):
            if due < since:  # a restarted node comes in the middle; the checker knows from when
                continue
            while (ahead := due - recorder.now()) > 0:
                time.sleep(ahead / 1e9)
            lines = self._read_once({"op": "read", "life": self._node.incarnation, "due": due})
            before, waited = waited, _run_delay(waits)
            lines[-1]["cpu_wait"] = waited - before
            recorder.write(*lines)
        os.close(waits)

    def _read_once(self, read: dict[str, Any]) -> list[dict[str, Any]]:
        """Read; what is overdue by a deadline has failed, and no time is lost on it.

        Both lines are written at the end: the checker knows which reads were due, and misses none.
        """
        invoked = self._recorder.now()
        lines = [{"type": "invoke", "t": invoked, **read}]
        if invoked - read["due"] > DEADLINE_NS:
            return [*lines, {"type": "fail", "t": invoked, "error": "overdue", **read}]
        try:
            answer = self._node.read().as_dict()
        except Exception as error:
            return [
                *lines,
                {"type": "fail", "t": self._recorder.now(), "error": repr(error), **read},
            ]
        return [*lines, {"type": "ok", "t": self._recorder.now(), **read, **answer}]


def _run_delay(file: int) -> int:
    """Return how long this thread was ready to run and did not, in ns."""
    return int(os.pread(file, 100, 0).split()[1])
