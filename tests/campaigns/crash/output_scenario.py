"""Outputs: a result under its name is the old one, the new one, or absent; whole in any case."""

import functools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa

from consilience.errors import BadInput
from consilience.evidence import atomic_file
from consilience.evidence.results import ResultTable
from consilience.evidence.writing import ResultFile
from tests.campaigns.crash.disk import Tree
from tests.campaigns.crash.faulty_disk import FaultyDisk
from tests.campaigns.crash.scenario import ENDS, Scenario
from tests.campaigns.crash.states import State
from tests.campaigns.crash.tally import Tally
from tests.campaigns.crash.trace import Note

__all__ = ["OutputScenario"]

_OLD = b"what was there"
_SUFFIXES = (".csv", ".parquet", ".npz")


class OutputScenario(Scenario):
    """`ResultFile` in all formats, over an old file or none."""

    name = "results"
    files = frozenset({atomic_file.__file__})

    def __init__(self, rng: Random) -> None:
        super().__init__(rng)
        self.path = "out" + rng.choice(_SUFFIXES)
        self.is_there = rng.random() < 0.5
        self.version = 0

    def start(self) -> Tree:
        """Return the old file, or nothing."""
        return {self.path: (_OLD, 0o644)} if self.is_there else {}

    def live(self, folder: Path, disk: FaultyDisk) -> None:
        """Write results once or twice; replace what is there, or be refused."""
        for _ in range(self.rng.randint(1, 2)):
            self.version = self.version % 3 + 1
            disk.note("offered", self.version)
            try:
                write(folder / self.path, self.version, overwrite=self.rng.random() < 0.8)
            except (*ENDS, BadInput):
                continue
            disk.note("committed", self.version)

    def check(self, folder: Path, state: State, told: Sequence[Note], tally: Tally) -> None:
        """Look at what has the name, and beside it; then write again."""
        allowed = [_OLD] if self.is_there else [None]
        for note in told:
            content = written(self.path, note.about)
            allowed = [content] if note.word == "committed" else [*allowed, content]
        there = state.tree.get(self.path)
        if there is None and None not in allowed:
            tally.complain("gone", f"{self.path} after {told}")
        elif (there and there[0]) not in allowed:
            tally.complain("neither", f"{self.path} after {told}: {there}")
        tally.parts_left += len(state.tree) > (there is not None)
        if self.rng.random() < 0.1:
            write(folder / self.path, 1, overwrite=True)
            if [path.name for path in folder.iterdir()] != [self.path]:
                tally.complain("left", f"{sorted(folder.iterdir())}")


def write(path: Path, version: int, *, overwrite: bool) -> None:
    """Write results: equal bytes for an equal version."""
    with ResultFile(path, overwrite=overwrite) as results:
        results.write(_batch(version))
        results.commit()


@functools.cache
def written(name: str, version: int) -> bytes:
    """Return what a file of this name holds when a version has been written."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write(path, version, overwrite=False)
        return path.read_bytes()


@functools.cache
def _batch(version: int) -> pa.RecordBatch:
    count = 3 * version
    return ResultTable("agent", ("benign", "hijacked")).batch(
        pa.array([f"agent {version} {number}" for number in range(count)]),
        np.arange(-2 * count, 0, dtype=np.int32).reshape(-1, 2) << 16,
        np.full(count, version),
        np.zeros(count, np.uint32),
    )
