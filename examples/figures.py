"""``make figures``: the figures of README's table, measured here and now.

Times are of this machine and of the moment: ratios within one run are what to compare. Cycles and
errors are facts, the same everywhere.
"""

import os
import tempfile
import time
from collections.abc import Callable
from functools import partial

import consilience as cs
import numpy as np
from consilience_hw.log_format import Q16_16
from consilience_sim.reference import error_in_ulp
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from scipy.special import logsumexp as scipy_logsumexp

SEED = 1
REPEATS = 7
MILLION = 1_000_000


def best(action: Callable[[], object]) -> float:
    """Return the shortest of several times in seconds: the one least disturbed by others."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def worst_error(rng: np.random.Generator, multisets: int) -> float:
    """Return the largest |code - true log sum| in ulp over random multisets of mixed scale."""
    worst = 0.0
    for _ in range(multisets):
        scale = rng.choice([1, 1 << 16, 8 << 16, 60 << 16])
        codes = rng.integers(-scale, scale, rng.choice([2, 3, 10, 100])).astype(np.int32)
        worst = max(worst, error_in_ulp(cs.LogSum.of(codes).code, codes))
    return worst


def on_the_cpu(nats: NDArray[np.float64]) -> list[tuple[str, str]]:
    """Return the rows about the cpu device, against SciPy in the same run."""
    codes = cs.to_codes(nats)
    with cs.open("cpu") as device:
        device.reduce(codes[:10])  # compiles
        reduce = best(partial(device.reduce, codes))
        converted = best(lambda: device.reduce(cs.to_codes(nats)))
    scipy = best(partial(scipy_logsumexp, nats))
    return [
        ("cpu, 10^7 codes, ns per code", f"{reduce / len(codes) * 1e9:.2f}"),
        ("cpu against scipy.special.logsumexp (float64), times faster", f"{scipy / reduce:.1f}"),
        ("the same, conversion from floats included", f"{scipy / converted:.1f}"),
    ]


def in_simulation(codes: NDArray[np.int32]) -> list[tuple[str, str]]:
    """Return the rows about the simulated gateware; it is compiled anew for the build time."""
    with tempfile.TemporaryDirectory() as empty:
        kept = os.environ.get("CONSILIENCE_CACHE")
        os.environ["CONSILIENCE_CACHE"] = empty
        start = time.perf_counter()
        device = cs.open("sim")
        build = time.perf_counter() - start
        if kept is None:
            del os.environ["CONSILIENCE_CACHE"]
        else:
            os.environ["CONSILIENCE_CACHE"] = kept
        with device:
            before = device.info.counters["cycles"]
            start = time.perf_counter()
            (code,) = device.reduce(codes)
            seconds = time.perf_counter() - start
            cycles = device.info.counters["cycles"] - before
    assert code == cs.LogSum.of(codes).code, "sim and LogSum differ"
    return [
        ("sim, build from nothing, s", f"{build:.0f}"),
        ("sim, 10^6 codes through the link, s", f"{seconds:.2f}"),
        ("cycles per code, one byte per cycle on the link", f"{cycles / len(codes):.2f}"),
        ("simulated cycles per second", f"{cycles / seconds:,.0f}"),
    ]


def main() -> None:
    """Measure, with a bar, and print the table."""
    rng = np.random.default_rng(SEED)
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("measuring", total=3)
        error = worst_error(rng, 5000)
        rows = [
            (f"worst error of 5,000 multisets, ulp (2^-{Q16_16.fraction_bits} bit)", f"{error:.4f}")
        ]
        bar.advance(task)
        rows += on_the_cpu(rng.normal(-20, 8, 10 * MILLION) * np.log(2))
        bar.advance(task)
        rows += in_simulation(cs.to_codes(rng.normal(-20, 8, MILLION) * np.log(2)))
        bar.advance(task)
    table = Table("figure", "measured", box=None, pad_edge=False)
    for name, value in rows:
        table.add_row(name, value)
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
