"""``python -m tests.campaigns.service.log_cost``: what the Merkle log costs a service, in one run.

Processor time of the thread within what makes leaves, and of tiles and checkpoints, which are
written once a second, beside that of the whole process. (Two services beside each other differ by
more than this from run to run.) The exit code is 0 only if the log takes under 10 % of a row at
batches of 1,000.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from consilience.monitor.watch_options import WatchOptions
from consilience.service.engine import Engine
from consilience.service.intake.rows import reader_of
from consilience.service.service import Service
from consilience.service.settings import ServiceSettings

__all__ = ["LogCost", "cost"]

_OPTIONS = WatchOptions(arl="1000000", n0=50)
_AGENTS = 2_000
_FIRST = 20
"""Bodies that are not counted: kernels are compiled."""
_MOST = 0.10


class LogCost(NamedTuple):
    """Microseconds of processor time a row: all but the log, its leaves, its files."""

    rest: float
    leaves: float
    files: float

    @property
    def share(self) -> float:
        """What the log adds."""
        return (self.leaves + self.files) / self.rest


class _TimedEngine(Engine):
    """An engine that knows how long its leaves took, in seconds of its thread."""

    leaves_s = 0.0

    def _note_leaves(self, *given: Any) -> None:
        began = time.thread_time()
        super()._note_leaves(*given)
        self.leaves_s += time.thread_time() - began


def _body(number: int, rows: int, rng: Random) -> bytes:
    made = [
        {"agent": rng.randrange(_AGENTS), "run": f"{number}.{place}", "score": rng.randrange(999)}
        for place in range(rows)
    ]
    return json.dumps({"observations": made}).encode()


def cost(folder: Path, rows: int, batches: int) -> LogCost:
    """Return what a row costs in bodies of so many."""
    service = Service(ServiceSettings(_OPTIONS), folder)
    engine, log = service.engine, service.verdicts
    assert log is not None
    engine.__class__ = _TimedEngine
    assert isinstance(engine, _TimedEngine)
    service._keeper._each_turn.clear()  # files are written below, where they are counted
    reader, rng = reader_of(_OPTIONS), Random(3)
    bodies = [_body(number, rows, rng) for number in range(_FIRST + batches)]
    try:
        for body in bodies[:_FIRST]:
            engine.submit(reader.read(body)).result()
        engine.leaves_s, files, written = 0.0, 0.0, 0.0
        began = time.process_time()
        for body in bodies[_FIRST:]:
            engine.submit(reader.read(body)).result()
            if time.process_time() - began >= written + 1:
                before = time.process_time()
                log.flush()
                files += time.process_time() - before
                written += 1
        before = time.process_time()
        log.flush()
        if not written:  # under a second: its part of one
            files = (time.process_time() - before) * (before - began)
        whole = time.process_time() - began
    finally:
        service.close()
    scale = 1e6 / (batches * rows)
    leaves = engine.leaves_s
    return LogCost((whole - leaves - files) * scale, leaves * scale, files * scale)


def main() -> int:
    """Measure, and print a line for each size of a body."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000, help="of each size of a body")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for rows in (1, 10, 100, 1_000):
            batches = min(max(chosen.rows // rows, 100), 4_000)
            found = cost(Path(folder) / str(rows), rows, batches)
            print(
                f"{rows:5,} rows a body: {found.rest:.2f} us a row, leaves {found.leaves:.2f}, "
                f"files {found.files:.2f}: the log adds {found.share:.1%}"
            )
    return int(found.share > _MOST)


if __name__ == "__main__":
    sys.exit(main())
