"""`reduce` of the cpu device: four data sets against others, and time per element against n."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from consilience.devices.cpu import CpuDevice
from consilience.errors import Mismatch
from consilience.numbers.convert import from_codes, to_codes
from consilience_tools.benchmark.contest import Contender, Timing, contest
from consilience_tools.benchmark.data_sets import DATA_SETS, DataSet, codes_in_chunks
from consilience_tools.benchmark.machine import available_bytes
from consilience_tools.benchmark.other_ways import (
    JAX,
    LOGADDEXP,
    NUMPY,
    SCIPY,
    jax_sum,
    logaddexp_sum,
    max_shifted_sum,
    scipy_logsumexp,
)
from consilience_tools.benchmark.plan import Plan
from consilience_tools.benchmark.stage import Report, Stage

__all__ = ["CONVERTED", "REDUCE", "DataSetResult", "SizesResult", "data_sets", "sizes"]

REDUCE = "reduce"
CONVERTED = "to_codes + reduce"
_SEED = 1
_CLOSE = 1.2e-5
"""Nats: 0.5 ulp of conversion, 0.55 ulp of the sum, and SciPy's own rounding."""
_SHARE = 0.7
"""Of the memory that is available, most that is taken."""


@dataclass(frozen=True)
class DataSetResult:
    """Times of one data set; `reduce` and `to_codes + reduce` are of the cpu device."""

    name: str
    title: str
    elements: int
    timings: Mapping[str, Timing]


@dataclass(frozen=True)
class SizesResult:
    """Times by n.

    Parameters
    ----------
    reduce, scipy : mapping of int to Timing
        By n; SciPy's float64 values are not held for the largest.
    left_out : mapping of int to str
        n that were not measured, and why.
    """

    reduce: Mapping[int, Timing]
    scipy: Mapping[int, Timing]
    left_out: Mapping[int, str]


def data_sets(device: CpuDevice, plan: Plan, report: Report) -> list[DataSetResult]:
    """Time all data sets of ``plan.elements`` values.

    Raises
    ------
    Mismatch
        The device and SciPy differ by more than their bounds.
    """
    stage = Stage(report, f"cpu: four data sets of {plan.elements:,} values", len(DATA_SETS))
    results = []
    for number, (name, data) in enumerate(DATA_SETS.items()):
        advance = stage.step(number)
        nats = data.draw(np.random.default_rng(_SEED), plan.elements)
        contenders = _contenders(device, nats)
        _compare(contenders, data)
        timings = contest(contenders, plan.effort, advance)
        results.append(DataSetResult(name, data.title, len(nats), timings))
    stage.finish()
    return results


def _contenders(device: CpuDevice, nats: NDArray[np.float64]) -> dict[str, Contender]:
    codes = to_codes(nats)
    actions: dict[str, Callable[[], object] | None] = {
        REDUCE: partial(device.reduce, codes),
        CONVERTED: lambda: device.reduce(to_codes(nats)),
        SCIPY: partial(scipy_logsumexp, nats),
        NUMPY: partial(max_shifted_sum, nats),
        LOGADDEXP: partial(logaddexp_sum, nats),
        JAX: jax_sum(nats),
    }
    return {
        name: Contender(action, len(nats)) for name, action in actions.items() if action is not None
    }


def _compare(contenders: Mapping[str, Contender], data: DataSet) -> None:
    code = np.asarray(contenders[REDUCE].action())
    ours, theirs = float(from_codes(code)[0]), float(str(contenders[SCIPY].action()))
    if not abs(ours - theirs) < _CLOSE:
        raise Mismatch(f"{data.title}: the cpu device gives {ours} nats, SciPy {theirs}")


def sizes(device: CpuDevice, plan: Plan, report: Report) -> SizesResult:
    """Time `reduce` of the first n codes of N(-20, 8) for every n of the plan, and SciPy's."""
    stage = Stage(report, f"cpu: up to {plan.sizes[-1]:,} codes", 1)
    advance = stage.step(0)
    fitting, left_out = _fitting(plan.sizes, plan.float_size)
    codes = codes_in_chunks(DATA_SETS["normal"], np.random.default_rng(_SEED), fitting[-1])
    nats = from_codes(codes[: plan.float_size])
    contenders = {}
    for n in fitting:
        contenders[f"{REDUCE} {n}"] = Contender(partial(device.reduce, codes[:n]), n)
        if n <= len(nats):
            contenders[f"{SCIPY} {n}"] = Contender(partial(scipy_logsumexp, nats[:n]), n)
    timings = contest(contenders, plan.effort, advance)
    stage.finish()
    return SizesResult(
        reduce={n: timings[f"{REDUCE} {n}"] for n in fitting},
        scipy={n: timings[f"{SCIPY} {n}"] for n in fitting if n <= len(nats)},
        left_out=left_out,
    )


def _fitting(wanted: tuple[int, ...], float_size: int) -> tuple[list[int], dict[int, str]]:
    """Return the n that fit into memory, the smallest in any case, and why the others do not."""
    available = available_bytes()
    fitting: list[int] = []
    left_out: dict[int, str] = {}
    for n in wanted:
        # Codes; for some of them float64 values, and as much again four times inside SciPy.
        needed = 4 * n + 40 * min(n, float_size)
        if fitting and available is not None and needed > _SHARE * available:
            left_out[n] = f"needs {needed / 1e6:,.0f} MB, {available / 1e6:,.0f} MB are available"
        else:
            fitting.append(n)
    return fitting, left_out
