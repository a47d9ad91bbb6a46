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
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consilience.plane.ledger import Ledger
from consilience.plane.site_plane import SitePlane
from consilience.reads.read_node import FusionRule, ReadNode, boot_time_ns
from consilience.reads.shard_state import ReporterFrame

__all__ = ["NodePlan", "Recorder", "frame_of", "run_node"]

SUBJECT = "consilience.dated"
_RESENT = 2
"""Acknowledged frames that a restarted producer sends again."""


@dataclass(frozen=True)
class NodePlan:
    """What a node is told at its start.

    Parameters
    ----------
    shard : int
    folder : Path
        For its ledger and its history.
    urls : tuple of str
        Of the servers, the own site's first.
    period_s : float
        It says its state so often.
    enrolled : int
        Reporters of its shard.
    burst_s, pace_s : float
        Between two frames: until all reporters have spoken, and then.
    seed : int
    offset_ns : int
        What its clocks are ahead of the machine's; for its history only.
    orders : int
        File descriptor of the orders, JSON lines.
    """

    shard: int
    folder: Path
    urls: tuple[str, ...]
    period_s: float
    enrolled: int
    burst_s: float
    pace_s: float
    seed: int
    offset_ns: int
    orders: int


def frame_of(seed: int, shard: int, seq: int, enrolled: int) -> ReporterFrame:
    """Return the frame of a number: the same at every start of its producer."""
    chance = random.Random(f"{seed} {shard} {seq}")
    reporter = seq if seq < enrolled else chance.randrange(enrolled)
    return ReporterFrame(reporter, round(chance.gauss(0.8, 1.5) * 65536))


class Recorder:
    """Writes a history: one write per line, so that a kill cuts at most the last one short."""

    def __init__(self, path: Path, offset_ns: int = 0) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self._offset = offset_ns

    def now(self) -> int:
        """Return the machine's time since its start, in ns."""
        return boot_time_ns() - self._offset

    def write(self, **fields: Any) -> None:
        os.write(self._file, json.dumps(fields, separators=(",", ":")).encode() + b"\n")


def run_node(plan: NodePlan, rule: FusionRule, make: Callable[..., ReadNode] = ReadNode) -> None:
    """Be a node until told to leave."""
    sys.setswitchinterval(0.001)
    recorder = Recorder(plan.folder / f"node-{plan.shard:03}.jsonl", plan.offset_ns)
    with Ledger(plan.folder / f"ledger-{plan.shard:03}") as ledger:
        node = make(plan.shard, rule, ledger)
        recorder.write(
            type="start",
            node=plan.shard,
            life=node.incarnation,
            t=recorder.now(),
            zero=node.start_ns - plan.offset_ns,
            version=node.read().versions[plan.shard - 1],
        )
        asyncio.run(_Process(plan, node, recorder).run())


class _Process:
    def __init__(self, plan: NodePlan, node: ReadNode, recorder: Recorder) -> None:
        self._plan, self._node, self._recorder = plan, node, recorder
        self._producing = threading.Event()
        self._left = asyncio.Event()

    async def run(self) -> None:
        loop, speak = asyncio.get_running_loop(), asyncio.Event()
        plane = SitePlane(self._plan.urls, connected=speak.set)
        await plane.listen(SUBJECT, self._node.hear)
        threading.Thread(target=self._produce, daemon=True).start()
        orders = open(self._plan.orders, "rb", buffering=0)  # noqa: SIM115  (as long as the process)
        pending = bytearray()

        def obey() -> None:
            data = os.read(orders.fileno(), 1 << 16)
            if not data:
                self._left.set()
            pending.extend(data)
            *lines, rest = pending.split(b"\n")
            pending[:] = rest
            for line in lines:
                self._obey(json.loads(line))

        loop.add_reader(orders.fileno(), obey)
        speaking = asyncio.create_task(self._speak(plane, speak))
        await self._left.wait()
        speaking.cancel()
        self._recorder.write(
            type="leave", t=self._recorder.now(), heard=dict(self._node.counts)
        )
        os._exit(0)

    async def _speak(self, plane: SitePlane, wanted: asyncio.Event) -> None:
        # Each at its own moment of the period, so that a hundred nodes do not speak at once.
        await asyncio.sleep(random.random() * self._plan.period_s)
        while True:
            await plane.publish(f"{SUBJECT}.{self._plan.shard}", self._node.say())
            try:
                await asyncio.wait_for(wanted.wait(), self._plan.period_s)
                wanted.clear()
            except TimeoutError:
                continue

    def _obey(self, order: dict[str, Any]) -> None:
        if "produce" in order:
            (self._producing.set if order["produce"] else self._producing.clear)()
        if "reads" in order:
            threading.Thread(target=self._read, args=order["reads"], daemon=True).start()
        if "leave" in order:
            self._left.set()

    def _produce(self) -> None:
        plan, recorder, life = self._plan, self._recorder, self._node.incarnation
        seq = max(0, self._node.read().versions[plan.shard - 1] - _RESENT)
        while True:
            self._producing.wait()
            frame = frame_of(plan.seed, plan.shard, seq, plan.enrolled)
            recorder.write(
                type="invoke",
                op="frame",
                life=life,
                seq=seq,
                reporter=frame.reporter,
                ratio=frame.ratio,
                t=recorder.now(),
            )
            ack = self._node.accept(seq, frame)
            recorder.write(
                type="ok",
                op="frame",
                life=life,
                seq=seq,
                fresh=ack.fresh,
                version=ack.version,
                at=ack.at_ns,
                t=recorder.now(),
            )
            seq += 1
            time.sleep(plan.burst_s if seq < plan.enrolled else plan.pace_s)

    def _read(self, first: int, count: int, spacing: int) -> None:
        recorder, life = self._recorder, self._node.incarnation
        waits = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
        waited = _run_delay(waits)
        told = recorder.now()
        for due in range(first, first + count * spacing, spacing):
            if due < told:  # a restarted node comes in the middle; the checker knows when it was up
                continue
            while (ahead := due - recorder.now()) > 0:
                time.sleep(ahead / 1e9)
            common = {"op": "read", "life": life, "due": due}
            recorder.write(type="invoke", t=recorder.now(), **common)
            try:
                answer = self._node.read()
            except Exception as error:
                recorder.write(type="fail", t=recorder.now(), error=repr(error), **common)
                continue
            answered = recorder.now()
            before, waited = waited, _run_delay(waits)
            recorder.write(
                type="ok", t=answered, cpu_wait=waited - before, **common, **answer.as_dict()
            )
        os.close(waits)


def _run_delay(file: int) -> int:
    """Return how long this thread was ready to run and did not, in ns."""
    return int(os.pread(file, 100, 0).split()[1])
