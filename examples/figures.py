"""``make figures``: those figures of docs/figures.md that no other command measures."""

import os
import tempfile
import time

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

import consilience as cs
from consilience_hw.spec.log_format import Q16_16
from consilience_sim.reference.reference import error_in_ulp

SEED = 1


def worst_error(rng: np.random.Generator, multisets: int) -> float:
    """Return the largest |code - true log sum| in ulp over random multisets of mixed scale."""
    worst = 0.0
    for _ in range(multisets):
        scale = rng.choice([1, 1 << 16, 8 << 16, 60 << 16])
        codes = rng.integers(-scale, scale, rng.choice([2, 3, 10, 100])).astype(np.int32)
        worst = max(worst, error_in_ulp(cs.LogSum.of(codes).code, codes))
    return worst


def build_seconds() -> float:
    """Return the seconds in which the simulated device is compiled, with nothing in the cache."""
    kept = os.environ.get("CONSILIENCE_CACHE")
    with tempfile.TemporaryDirectory() as empty:
        os.environ["CONSILIENCE_CACHE"] = empty
        start = time.perf_counter()
        try:
            with cs.open("sim"):
                return time.perf_counter() - start
        finally:
            del os.environ["CONSILIENCE_CACHE"]
            if kept is not None:
                os.environ["CONSILIENCE_CACHE"] = kept


def main() -> None:
    """Measure, with a bar, and print the table."""
    rng = np.random.default_rng(SEED)
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("measuring", total=2)
        error = worst_error(rng, 5000)
        bar.advance(task)
        build = build_seconds()
        bar.advance(task)
    rows = [
        (f"worst error of 5,000 multisets, ulp (2^-{Q16_16.fraction_bits} bit)", f"{error:.4f}"),
        ("sim, build from nothing, s", f"{build:.0f}"),
    ]
    table = Table("figure", "measured", box=None, pad_edge=False)
    for name, value in rows:
        table.add_row(name, value)
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
