"""How fast a service is, and how large it grows: figures of one process pinned to one core."""

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests.campaigns.service.load import (
    Load,
    Measured,
    single_rows,
    step_batches,
    whole_batches,
)
from tests.campaigns.service.server import ServerProcess

__all__ = ["Memory", "Speed", "memory_over", "parse_us", "speeds", "using_cores"]

OPTIONS = ["--arl", "1000000", "--n0", "100"]
_ANY_RATE = ["--rate", "1000000"]
"""Loads that send as much as is answered meet what the service can, not what it allows a client."""
_WARM_S = 3.0
_PARSED_S = 2.0
_EVEN_RATE = 20
"""Batches of 1,000 a second while memory is watched."""
_FEW_VALUES = 200
"""Scores that differ, then: at 24 runs of an agent a minute all have come after nine minutes."""


class Speed(NamedTuple):
    """What a load met.

    Parameters
    ----------
    name : str
    rows, connections : int
        Of a request, at a time.
    measured : Measured
    cpu_s : float
        Processor time of the service.
    syncs : int
        How often it waited for the disk.
    """

    name: str
    rows: int
    connections: int
    measured: Measured
    cpu_s: float
    syncs: int


class Memory(NamedTuple):
    """Resident memory while a load goes on.

    Parameters
    ----------
    minutes : float
    first, last : float
        MiB after a third of the time, and at the end.
    slope : float
        MiB a minute, of the last two thirds (least squares).
    rows : int
        That were taken.
    """

    minutes: float
    first: float
    last: float
    slope: float
    rows: int


def using_cores() -> tuple[int, int] | None:
    """Pin this process to one core; return it and the one of the service, None if there is one."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return None
    os.sched_setaffinity(0, {cores[1]})
    return cores[1], cores[0]


def parse_us() -> float:
    """Return the processor time of ``json.loads``, us an observation of a batch: a machine's pace.

    Other processes slow the service and this alike; a figure in this unit can be compared.
    """
    body, bodies = next(whole_batches()), 0
    begun = time.process_time()
    while time.process_time() - begun < _PARSED_S:
        json.loads(body)
        bodies += 1
    return 1e6 * (time.process_time() - begun) / (1000 * bodies)


def speeds(folder: Path, seconds: float, core: int | None) -> Iterator[Speed]:
    """Yield the figures of whole runs, steps and single rows: at most, and at half of that.

    Half as many come evenly: there a latency is what a request takes, at most it is a queue.
    """
    kinds: list[tuple[str, Callable[[], Iterator[bytes]], int, int, bool]] = [
        ("whole runs, batches of 1,000", whole_batches, 1000, 4, False),
        ("half as many, evenly", whole_batches, 1000, 8, True),
        ("steps of open runs, batches of 1,000", step_batches, 1000, 4, False),
        ("single rows", single_rows, 1, 16, False),
        ("half as many, evenly", single_rows, 1, 16, True),
    ]
    most = 0.0
    for number, (name, bodies, rows, connections, half) in enumerate(kinds):
        with ServerProcess(folder / f"speed{number}", OPTIONS + _ANY_RATE, core) as server:
            rate = most / 2 if half else None
            load = Load(server.host, server.port, bodies(), rows, connections, rate)
            load.run(_WARM_S)
            cpu, syncs = server.cpu_s, int(str(server.get("/v1/status")["syncs"]))
            measured = load.run(seconds)
            cpu, after = server.cpu_s - cpu, int(str(server.get("/v1/status")["syncs"]))
            most = measured.requests / measured.seconds
            yield Speed(name, rows, connections, measured, cpu, after - syncs)


def memory_over(folder: Path, minutes: float, core: int | None) -> Memory:
    """Return the memory of a service that takes steps of runs evenly; runs end all the time."""
    samples: list[tuple[float, float]] = []
    options = [*OPTIONS, "--remember", "20000", "--history", "100", "--snapshot-every", "16"]
    with ServerProcess(folder / "memory", options, core) as server:
        begun = time.monotonic()

        def sample() -> None:
            samples.append(((time.monotonic() - begun) / 60, server.memory / (1 << 20)))

        load = Load(
            server.host, server.port, step_batches(values=_FEW_VALUES), 1000, 4, rate=_EVEN_RATE
        )
        measured = load.run(60 * minutes, each_second=sample)
    times, sizes = np.array(samples).T
    late = times >= minutes / 3
    slope = float(np.polyfit(times[late], sizes[late], 1)[0])
    return Memory(minutes, float(sizes[late][0]), float(sizes[-1]), slope, measured.rows)
