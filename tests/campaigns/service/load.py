"""Load on a service: connections that send what a workload gives, each as soon as it can."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

__all__ = ["Load", "Measured", "single_rows", "step_batches", "whole_batches"]

AGENTS = 1000
_MARK = b"~~~~~~~~"
_VALUES = 1000


@dataclass
class Measured:
    """What a load met.

    Parameters
    ----------
    seconds : float
    requests, rows : int
        Answered with 200.
    failed : dict of int to int
        Other answers, by status.
    latencies : list of float
        Of each request, s.
    """

    seconds: float = 0.0
    requests: int = 0
    rows: int = 0
    failed: dict[int, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)

    def quantile(self, share: float) -> float:
        """Return the latency that a share of requests stay below, ms."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def whole_batches() -> Iterator[bytes]:
    """Yield bodies of 1,000 whole runs of 1,000 agents, scores of 1,000 values."""
    rows = [
        {"agent": f"agent-{i}", "run": f"{_MARK.decode()}-{i}", "score": i * 7919 % _VALUES / 100}
        for i in range(AGENTS)
    ]
    yield from _numbered(rows)


def step_batches(steps: int = 50, values: int = _VALUES) -> Iterator[bytes]:
    """Yield bodies of a step of a run of each of 1,000 agents; the last of `steps` ends it.

    A history counts scores by value, so that it grows until all `values` have come.
    """
    run = 0
    while True:
        for step in range(steps):
            event = "end" if step == steps - 1 else "score"
            rows = [
                {"agent": f"agent-{i}", "run": run, "step": step, "event": event,
                 "score": (i * 7919 + run * 31) % values / 100 + step / 100}
                for i in range(AGENTS)
            ]  # fmt: skip
            yield json.dumps({"observations": rows}).encode()
        run += 1


def single_rows() -> Iterator[bytes]:
    """Yield bodies of one whole run."""
    count = 0
    while True:
        row = {"agent": f"agent-{count % AGENTS}", "run": f"s{count}",
               "score": count * 7919 % _VALUES / 100}  # fmt: skip
        yield json.dumps({"observations": [row]}).encode()
        count += 1


def _numbered(rows: list[dict[str, object]]) -> Iterator[bytes]:
    """Yield one body again and again, each time with another name of its runs."""
    body = json.dumps({"observations": rows}).encode()
    count = 0
    while True:
        yield body.replace(_MARK, b"%08d" % count)
        count += 1


class Load:
    """Connections to a service.

    Parameters
    ----------
    host, port : str, int
    bodies : iterator of bytes
        What is sent; each once.
    rows : int
        Of each body.
    connections : int
    rate : float or None
        Requests a second, evenly; None: as many as are answered.
    """

    def __init__(
        self,
        host: str,
        port: int,
        bodies: Iterator[bytes],
        rows: int,
        connections: int,
        rate: float | None = None,
    ) -> None:
        self._host, self._port, self._bodies, self._rows = host, port, bodies, rows
        self._connections, self._rate = connections, rate
        self.answered: list[tuple[bytes, bytes]] = []
        """Bodies of requests that were answered 200, and the answers; where they are kept."""
        self.keeps = False

    def run(self, seconds: float, each_second: Callable[[], None] | None = None) -> Measured:
        """Send for some time; return what was met."""
        return asyncio.run(self._run(seconds, each_second))

    async def _run(self, seconds: float, each_second: Callable[[], None] | None) -> Measured:
        found, begun = Measured(), time.perf_counter()
        self._next = begun
        until = begun + seconds
        tasks = [asyncio.create_task(self._send(found, until)) for _ in range(self._connections)]
        while time.perf_counter() < until and each_second is not None:
            await asyncio.sleep(1)
            each_second()
        await asyncio.gather(*tasks)
        found.seconds = time.perf_counter() - begun
        return found

    async def _send(self, found: Measured, until: float) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port, limit=1 << 20)
        try:
            while True:
                due = time.perf_counter()
                if self._rate is not None:
                    due, self._next = self._next, self._next + 1 / self._rate
                    await asyncio.sleep(max(0.0, due - time.perf_counter()))
                if time.perf_counter() >= until:
                    return
                body = next(self._bodies)
                writer.write(
                    b"POST /v1/observations HTTP/1.1\r\nHost: %b:%d\r\n"
                    b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                    % (self._host.encode(), self._port, len(body))
                    + body
                )
                await writer.drain()
                status, answer = await _answer(reader)
                found.latencies.append(time.perf_counter() - due)
                if status == 200:
                    found.requests += 1
                    found.rows += self._rows
                    if self.keeps:
                        self.answered.append((body, answer))
                else:
                    found.failed[status] = found.failed.get(status, 0) + 1
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # it was killed
        finally:
            writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return status, await reader.readexactly(length)
