"""One log sum by everything that users have: time, error, and how many different results.

The same values in other orders and with other numbers of threads: an exact sum gives one result.
Where a library also gives the sum of the exponentials itself, its results are counted, too: the
logarithm hides what the sum loses.
"""

import importlib
import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp as scipy_sum

from consilience.devices.opening import open_device
from consilience.exact.log_sum import LogSum
from consilience.numbers.convert import from_codes, to_codes
from consilience_sim.reference.reference import true_log_sum
from consilience_tools.benchmark.plan import BesidePlan, Report, staged
from consilience_tools.benchmark.workload import (
    DATA_SETS,
    JAX,
    LOGADDEXP,
    NUMPY,
    SCIPY,
    logaddexp_sum,
    max_shifted_sum,
)

__all__ = ["OURS", "Way", "side_by_side"]

Floats = NDArray[np.float64]
Sum = Callable[[], tuple[float, object]]
"""Returns the log sum in nats, and the sum itself, or None."""
Prepared = Callable[[Floats, int], Sum]
"""Takes values and a number of threads; what it returns is timed."""

OURS = "consilience"
_SEED = 5
_THREADS = (1, 2)
_ULP = float(np.log(2)) * 2.0**-16


@dataclass(frozen=True)
class Way:
    """How one library sums.

    Parameters
    ----------
    name : str
    ns : float
        Processor time per value, of all threads: the best of all calls.
    error_ulp : float
        Largest error, in 2^-16 bit.
    results, sums : int or None
        Different log sums, and sums of exponentials (of ours: states, as bytes); None: not given.
    runs : int
        Orders times numbers of threads.
    """

    name: str
    ns: float
    error_ulp: float
    results: int
    sums: int | None
    runs: int


def side_by_side(plan: BesidePlan, report: Report) -> tuple[list[Way], list[str]]:
    """Sum the same values by all that is installed; return what is not, too.

    In `plan.orders` orders of as many values as the pairs have.
    """
    rng = np.random.default_rng(_SEED)
    codes = to_codes(DATA_SETS["normal"].draw(rng, plan.elements))
    nats = from_codes(codes)
    truth = float(true_log_sum(codes))
    ways = {name: way for name, way in _WAYS.items() if _is_installed(name)}
    best, error = dict.fromkeys(ways, float("inf")), dict.fromkeys(ways, 0.0)
    results, sums = ({name: set[object]() for name in ways} for _ in range(2))
    for number, advance in staged(report, "side by side", range(plan.orders)):
        values = rng.permutation(nats) if number else nats
        for done, (name, (prepare, threads)) in enumerate(ways.items()):
            advance(done / len(ways))
            for count in threads:
                call = prepare(values, count)
                call()
                start = time.process_time()
                result, total = call()
                best[name] = min(best[name], time.process_time() - start)
                error[name] = max(error[name], abs(float(result) / _ULP - truth))
                results[name].add(float(result).hex())
                sums[name].add(total)
    found = []
    for name, (_, threads) in ways.items():
        known = None if sums[name] == {None} else len(sums[name])
        runs = plan.orders * len(threads)
        ns = best[name] / len(nats) * 1e9
        found.append(Way(name, ns, error[name], len(results[name]), known, runs))
    return found, [name for name in _WAYS if name not in ways]


def _is_installed(name: str) -> bool:
    modules = {"jax": "jax", "torch": "torch", "DuckDB": "duckdb", "Polars": "polars"}
    return importlib.util.find_spec(modules.get(name.split()[0], "numpy")) is not None


def _our_codes(nats: Floats, threads: int) -> Sum:
    device = open_device(f"cpu?threads={threads}")
    codes = to_codes(nats)
    return lambda: (float(from_codes(device.reduce(codes))[0]), None)


def _our_singles(nats: Floats, threads: int) -> Sum:
    device = open_device(f"cpu?threads={threads}")
    values = nats.astype(np.float32)
    return lambda: (float(device.logsumexp(values)), None)


def _ours(nats: Floats, threads: int) -> Sum:
    device = open_device(f"cpu?threads={threads}")
    state = bytes(LogSum.of(to_codes(nats)))
    return lambda: (float(device.logsumexp(nats)), state)


def _plain(function: Callable[[Any], Any], kind: type[np.floating[Any]]) -> Prepared:
    def prepare(nats: Floats, threads: int) -> Sum:
        values = nats.astype(kind)
        return lambda: (float(function(values)), None)

    return prepare


def _jax(kind: type[np.floating[Any]]) -> Prepared:
    def prepare(nats: Floats, threads: int) -> Sum:
        jax = importlib.import_module("jax")
        special = importlib.import_module("jax.scipy.special")
        with jax.enable_x64(kind == np.float64):
            values = jax.numpy.asarray(nats.astype(kind))
            function = jax.jit(special.logsumexp)
            function(values)

        def call() -> tuple[float, object]:
            with jax.enable_x64(kind == np.float64):
                return float(function(values)), None

        return call

    return prepare


def _torch(kind: type[np.floating[Any]]) -> Prepared:
    def prepare(nats: Floats, threads: int) -> Sum:
        torch = importlib.import_module("torch")
        torch.set_num_threads(threads)
        values = torch.from_numpy(nats.astype(kind))
        return lambda: (float(torch.logsumexp(values, 0)), None)

    return prepare


def _duckdb(nats: Floats, threads: int) -> Sum:
    import pyarrow as pa

    connection = importlib.import_module("duckdb").connect(config={"threads": threads})
    connection.register("given", pa.table({"x": nats}))
    connection.execute("CREATE TABLE evidence AS SELECT x FROM given")

    def call() -> tuple[float, object]:
        total = connection.execute("SELECT sum(exp(x)) FROM evidence").fetchone()[0]
        return float(np.log(total)), total

    return call


def _polars(nats: Floats, threads: int) -> Sum:
    polars = importlib.import_module("polars")
    column = polars.Series("x", nats)

    def call() -> tuple[float, object]:
        total = column.exp().sum()
        return float(np.log(total)), total

    return call


_WAYS: dict[str, tuple[Prepared, tuple[int, ...]]] = {
    f"{OURS}: reduce of codes": (_our_codes, _THREADS),
    f"{OURS}: logsumexp, float64": (_ours, _THREADS),
    f"{OURS}: logsumexp, float32": (_our_singles, _THREADS),
    SCIPY: (_plain(scipy_sum, np.float64), (1,)),
    f"{SCIPY}, float32": (_plain(scipy_sum, np.float32), (1,)),
    NUMPY: (_plain(max_shifted_sum, np.float64), (1,)),
    f"{NUMPY}, float32": (_plain(max_shifted_sum, np.float32), (1,)),
    LOGADDEXP: (_plain(logaddexp_sum, np.float64), (1,)),
    f"{LOGADDEXP}, float32": (_plain(logaddexp_sum, np.float32), (1,)),
    JAX: (_jax(np.float32), (1,)),
    JAX.replace("32", "64"): (_jax(np.float64), (1,)),
    "torch float32": (_torch(np.float32), _THREADS),
    "torch float64": (_torch(np.float64), _THREADS),
    "DuckDB ln(sum(exp))": (_duckdb, _THREADS),
    "Polars exp, sum, log": (_polars, (1,)),
}
"""By name; the first word is what must be installed."""
