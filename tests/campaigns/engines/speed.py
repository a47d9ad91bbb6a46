"""Processor time of exact sums beside the engine's own sum of floats, in one process."""

import time
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from consilience.engines.state_codes import final
from tests.campaigns.engines.adapters import ENGINES

__all__ = ["SIZES", "Timed", "timed"]

SIZES = ((5_000_000, 1), (5_000_000, 1_000), (5_000_000, 100_000))
"""Codes and groups."""
_REPEATS = 3


class Timed(NamedTuple):
    """Nanoseconds of processor time a code: medians of three."""

    codes: int
    groups: int
    floats: float
    exact: float
    reading: float
    """Of `exact`, the final step in this process."""


def timed(name: str, codes: int, groups: int) -> Timed:
    """Return what an engine takes with two threads."""
    draw = np.random.default_rng(codes + groups)
    table = pa.table(
        {
            "grp": draw.integers(0, groups, codes, dtype=np.int32),
            "code": np.rint(draw.normal(size=codes) * 2.0**19).astype(np.int32),
        }
    )
    engine = ENGINES[name](table)
    floats, exact, reading = [], [], []
    for _ in range(_REPEATS):
        floats.append(_taken(lambda: engine.float_sums("grp")))
        rows: list[pa.Table] = []
        first = _taken(lambda rows=rows: rows.append(engine.partial(["grp"])))
        reading.append(_taken(lambda rows=rows: final(rows[0], ["grp"])))
        exact.append(first + reading[-1])
    per_code = [1e9 * median(one) / codes for one in (floats, exact, reading)]
    return Timed(codes, groups, *per_code)


def _taken(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
