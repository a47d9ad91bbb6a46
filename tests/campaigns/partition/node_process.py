"""A node of the campaign: the product's `consilience read-node`, and a recorder beside it.

The node is the command itself, in a process forked from one that has everything imported. The
recorders of a site's nodes share another process, which outlives the kills of its nodes and asks
them over their sockets. Each node has two threads there: the producer's (reports, one after the
other, again until acknowledged), and one that reads; each has a connection, and keeps it.
A read's clock starts when it was due, whether or not the thread was awake then, and ends when the
answer is there.
"""

import contextlib
import json
import os
import queue
import random
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer._adapters  # noqa: F401  before the forks, so that it is shared, as all that a node needs

import consilience.cli.program
import consilience.cli.read_node
import consilience.distributed.reads.daemon  # noqa: F401
from consilience.cli.app import main
from consilience.distributed.reads.own_shard import boot_time_ns
from consilience.distributed.reads.shard_state import Report
from tests.campaigns.partition.children import real_time
from tests.campaigns.partition.settings import Settings

__all__ = ["DEADLINE_NS", "NodePlan", "Recorder", "frame_of", "run_node", "run_recorders"]

DEADLINE_NS = 100_000_000
"""In which a read is to be answered."""
_RESENT = 2
"""Acknowledged frames that a producer sends again when its node has started anew."""
_SECOND_NS = 10**9
_IDLE_S = 1.0
_SWITCH_S = 0.001
_AGAIN_S = 0.1
"""Until a node that starts is asked again: two threads for each node do so, before all else."""
_READ = b'{"op":"read"}\n'


@dataclass(frozen=True)
class NodePlan:
    """What a node and its recorder are given at their start.

    Parameters
    ----------
    shard : int
    folder : Path
        For the rule, the node's log and its history.
    urls : tuple of str
        Of the servers, the own site's first.
    settings : Settings
    """

    shard: int
    folder: Path
    urls: tuple[str, ...]
    settings: Settings

    @property
    def log(self) -> Path:
        return self.folder / f"log-{self.shard:03}"

    @property
    def command(self) -> list[str]:
        """The words after `consilience`."""
        words = ["read-node", str(self.folder / "rule.toml"), "--log", str(self.log), "--json"]
        words += ["--shard", f"{self.shard}/{self.settings.nodes}"]
        words += ["--period", str(self.settings.period_s)]
        return words + [word for url in self.urls for word in ("--nats", url)]


def frame_of(seed: int, shard: int, seq: int, enrolled: int) -> Report:
    """Return the report of a number: the same at every start of its producer."""
    chance = random.Random(f"{seed} {shard} {seq}")
    reporter = seq if seq < enrolled else chance.randrange(enrolled)
    return Report(reporter, round(chance.gauss(0.8, 1.5) * 65536))


class Recorder:
    """Writes a history: one write per line, so that a kill cuts at most the last one short."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def now(self) -> int:
        """Return the machine's time since its start, in ns."""
        return boot_time_ns()

    def write(self, *lines: dict[str, Any]) -> None:
        self.write_text(*(json.dumps(line, separators=(",", ":")) for line in lines))

    def write_text(self, *lines: str) -> None:
        """Write lines that are JSON already."""
        os.write(self._file, "".join(f"{line}\n" for line in lines).encode())

    def note(self, kind: str, **fields: Any) -> None:
        """Write one line, with the time."""
        self.write({"type": kind, "t": self.now(), **fields})


def run_node(plan: NodePlan) -> None:
    """Be a node until SIGTERM."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os._exit(main(plan.command))


def run_recorders(plans: Iterable[NodePlan], orders: int) -> None:
    """Record nodes until told to leave, by JSON lines from a file descriptor."""
    sys.setswitchinterval(_SWITCH_S)  # the longest that a read waits for another thread
    real_time(2)  # before the nodes, all threads: any of them may hold what a read waits for
    recordings = {plan.shard: _Recording(plan) for plan in plans}
    with os.fdopen(orders) as lines:
        for line in lines:
            order = json.loads(line)
            if "leave" in order:
                break
            recordings[order["node"]].obey(order)
    for recording in recordings.values():
        recording.leave()
    os._exit(0)


class _Connection:
    """A connection to a node's socket, for one thread; one request is on its way at a time."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        peer = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        self.pid = int(struct.unpack("3i", peer)[0])
        self._pending = b""
        self._owed = False

    def ask(self, **request: Any) -> dict[str, Any]:
        """Return the answer to a request, for which it waits as long as it takes."""
        return dict(json.loads(self.ask_in_time(json.dumps(request).encode() + b"\n") or b"{}"))

    def ask_in_time(self, line: bytes, patience_s: float | None = None) -> bytes | None:
        """Return the answer's line, None if there is none in time; it is dropped when it comes.

        Nothing is sent while an answer is owed: a node that was stopped is not met with a queue.
        """
        end = None if patience_s is None else time.monotonic() + patience_s
        if self._owed and self._line(end) is None:
            return None
        self._socket.sendall(line)
        answer = self._line(end)
        self._owed = answer is None
        return answer

    def close(self) -> None:
        self._socket.close()

    def _line(self, end: float | None) -> bytes | None:
        while b"\n" not in self._pending:
            self._socket.settimeout(None if end is None else max(1e-4, end - time.monotonic()))
            try:
                more = self._socket.recv(1 << 16)
            except TimeoutError:
                return None
            if not more:
                raise ConnectionError("the node is gone")
            self._pending += more
        line, _, self._pending = self._pending.partition(b"\n")
        return line


class _Recording:
    """What the threads that record one node share.

    `life` is the node's incarnation, `version` that of its shard when it started, `since` when it
    answered first.
    """

    def __init__(self, plan: NodePlan) -> None:
        self._plan = plan
        self._recorder = Recorder(plan.folder / f"node-{plan.shard:03}.jsonl")
        self._producing = threading.Event()
        self._lock = threading.Lock()
        self._life = self._version = self._since = 0
        self._reads: queue.SimpleQueue[tuple[int, int, int]] = queue.SimpleQueue()
        for work in self._produce, self._read:
            threading.Thread(target=work, daemon=True).start()

    def obey(self, order: dict[str, Any]) -> None:
        """Begin what the campaign orders: to produce or not to, and reads."""
        if "produce" in order:
            (self._producing.set if order["produce"] else self._producing.clear)()
        for plan in order.get("reads", ()):
            self._reads.put(tuple(plan))

    def leave(self) -> None:
        """Note what the node has heard."""
        self._recorder.note("leave", heard=self._connect().ask(op="status")["received"])

    def _connect(self) -> _Connection:
        """Return a connection to the node as soon as it answers; its new incarnation is noted."""
        while True:
            with contextlib.suppress(OSError):
                node = _Connection(self._plan.log / "socket")
                status, answer, ahead = self._first_answers(node)
                break
            time.sleep(_AGAIN_S)
        with contextlib.suppress(PermissionError):  # the thread that answers, before the network's
            os.sched_setscheduler(node.pid, os.SCHED_FIFO, os.sched_param(2))
        with self._lock:
            if status["incarnation"] > self._life:
                self._life, self._since = status["incarnation"], self._recorder.now()
                self._version = answer["versions"][self._plan.shard - 1]
                self._recorder.note(
                    "start",
                    node=self._plan.shard,
                    life=self._life,
                    zero=status["start"] - ahead,
                    version=self._version,
                )
        return node

    def _first_answers(self, node: _Connection) -> tuple[dict[str, Any], dict[str, Any], int]:
        """Return a node's status, a read, and what its clock is ahead: whole seconds, in ns.

        An answer that took a second could have been any of two: it is asked for again.
        """
        status = node.ask(op="status")
        while True:
            before, answer, after = self._recorder.now(), node.ask(op="read"), self._recorder.now()
            clock = status["start"] + answer["at"]
            ahead = (clock - before) // _SECOND_NS * _SECOND_NS
            if before <= clock - ahead <= after < before + _SECOND_NS:
                return status, answer, ahead

    def _produce(self) -> None:
        settings, shard = self._plan.settings, self._plan.shard
        node, seq = self._connect(), 0
        while True:
            self._producing.wait()
            frame = frame_of(settings.seed, shard, seq, settings.enrolled)
            line = {"op": "frame", "life": self._life, "seq": seq}
            report = {"reporter": frame.reporter, "ratio": frame.ratio}
            self._recorder.note("invoke", **line, **report)
            try:
                done = node.ask(op="report", seq=seq, **report)
            except ConnectionError:
                node.close()
                node = self._connect()
                seq = max(0, self._version - _RESENT)
                continue
            self._recorder.note("ok", **line, **done)
            seq += 1
            time.sleep(settings.burst_s if seq < settings.enrolled else settings.pace_s)

    def _read(self) -> None:
        """Read what is ordered when it is due; nothing that was due before the node was there.

        Between two orders it goes on reading, now and then and unrecorded, as who polls does.
        """
        node = self._connect()
        waits = _Waits(node.pid)
        while True:
            try:
                first, count, spacing = self._reads.get(timeout=_IDLE_S)
            except queue.Empty:
                with contextlib.suppress(ConnectionError):  # the next that is recorded notices
                    node.ask_in_time(_READ, _IDLE_S)
                continue
            for due in range(first, first + count * spacing, spacing):
                while (ahead := due - self._recorder.now()) > 0:
                    time.sleep(ahead / 1e9)
                while due >= self._since:  # the checker knows from when the node was there
                    try:
                        self._read_once(node, due, waits)
                        break
                    except ConnectionError:  # another incarnation has come, or is to come
                        node.close()
                        waits.close()
                        node = self._connect()
                        waits = _Waits(node.pid)

    def _read_once(self, node: _Connection, due: int, waits: "_Waits") -> None:
        """Read; what is overdue by a deadline has failed, and no time is lost on it.

        Both lines are written at the end: the checker knows which reads were due, and misses none.
        """
        read = {"op": "read", "life": self._life, "due": due}
        invoked = self._recorder.now()
        left = due + DEADLINE_NS - invoked
        answer = node.ask_in_time(_READ, left / 1e9) if left > 0 else None
        told = {"t": self._recorder.now(), **read, "cpu_wait": waits.since_last()}
        if answer is None or answer.startswith(b'{"error"'):
            error = "overdue" if answer is None else answer.decode()
            last = json.dumps({"type": "fail", "error": error, **told})
        else:
            last = json.dumps({"type": "ok", **told})[:-1] + "," + answer.decode()[1:]
        self._recorder.write_text(json.dumps({"type": "invoke", **read, "t": invoked}), last)


class _Waits:
    """How long this thread and the node's that answers were ready to run and did not, in ns."""

    def __init__(self, pid: int) -> None:
        paths = ("/proc/thread-self/schedstat", f"/proc/{pid}/task/{pid}/schedstat")
        self._files = [os.open(path, os.O_RDONLY) for path in paths]
        self._last = self._total()

    def since_last(self) -> int:
        before, self._last = self._last, self._total()
        return self._last - before

    def close(self) -> None:
        for file in self._files:
            os.close(file)

    def _total(self) -> int:
        with contextlib.suppress(OSError):  # the node has gone
            return sum(int(os.pread(file, 100, 0).split()[1]) for file in self._files)
        return self._last
