"""The cpu device beside others: data sets, time against n, many segments, many posteriors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from consilience.devices.cpu import CpuDevice
from consilience.errors import Mismatch
from consilience.numbers.arrays import Codes
from consilience.numbers.convert import from_codes, to_codes
from consilience_tools.benchmark.machine import available_bytes
from consilience_tools.benchmark.plan import STAGE_PARTS, Plan, Report, staged
from consilience_tools.benchmark.timing import (
    Contender,
    Effort,
    Ratio,
    Timing,
    contest,
    speed_ratio,
)
from consilience_tools.benchmark.workload import (
    DATA_SETS,
    SCIPY,
    SEGMENTS,
    DataSet,
    codes_in_chunks,
    evidence_of,
    float_posterior,
    float_ways,
)

__all__ = ["Compared", "SizesResult", "data_sets", "posteriors", "segments", "sizes"]

REDUCE = "reduce"
CONVERTED = "to_codes + reduce"
REDUCEAT = "NumPy reduceat"
ASCENDING = "posterior, by agent"
SHUFFLED = "posterior, any order"
_SEED = 1
_ROWS_SEED = 3
_CLOSE = 1.2e-5
"""Nats: 0.5 ulp of conversion, 0.55 ulp of the sum, and SciPy's own rounding."""
_SHARE = 0.7
"""Largest share of the available memory that is taken."""
_LOOPED = 100
"""Codes per segment from which a loop of SciPy over the segments takes less than minutes."""

_Ways = dict[str, Callable[[], object]]


@dataclass(frozen=True)
class Compared:
    """Times of several ways to do the same thing, by way."""

    timings: Mapping[str, Timing]

    @property
    def vs_scipy(self) -> dict[str, Ratio]:
        """How many times faster than SciPy each other way is; empty without SciPy."""
        if SCIPY not in self.timings:
            return {}
        others = {way: timing for way, timing in self.timings.items() if way != SCIPY}
        return {way: speed_ratio(timing, self.timings[SCIPY]) for way, timing in others.items()}


@dataclass(frozen=True)
class DataSetResult(Compared):
    """Times of one data set; `reduce` and `to_codes + reduce` are those of the cpu device."""

    name: str
    title: str
    elements: int


@dataclass(frozen=True)
class SegmentsResult(Compared):
    """Times of many segments in one call."""

    title: str
    codes: int
    segments: int


@dataclass(frozen=True)
class PosteriorsResult(Compared):
    """Times of one posterior per agent; elements are agents."""

    hypotheses: int
    agents: int
    rows: int


@dataclass(frozen=True)
class SizesResult:
    """Times by n.

    Parameters
    ----------
    reduce, scipy : mapping of int to Timing
        Times by n; the float64 values for SciPy are not kept for the largest n.
    left_out : mapping of int to str
        Each n that was not measured, with the reason.
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
    results = []
    stage = f"cpu: four data sets of {plan.elements:,} values"
    for (name, data), advance in staged(report, stage, DATA_SETS.items()):
        nats = data.draw(np.random.default_rng(_SEED), plan.elements)
        ways: _Ways = {
            REDUCE: partial(device.reduce, to_codes(nats)),
            CONVERTED: partial(_converted, device, nats),
            **float_ways(nats),
        }
        _compare(ways, data)
        timings = _timed(ways, len(nats), plan.effort, advance)
        results.append(DataSetResult(timings, name, data.title, len(nats)))
    return results


def _converted(device: CpuDevice, nats: NDArray[np.float64]) -> Codes:
    return device.reduce(to_codes(nats))


def _compare(ways: _Ways, data: DataSet) -> None:
    code = np.asarray(ways[REDUCE]())
    ours, theirs = float(from_codes(code)[0]), float(str(ways[SCIPY]()))
    if not abs(ours - theirs) < _CLOSE:
        raise Mismatch(f"{data.title}: the cpu device gives {ours} nats, SciPy {theirs}")


def _timed(
    ways: _Ways, elements: int, effort: Effort, advance: Callable[[float], None]
) -> dict[str, Timing]:
    contenders = {name: Contender(action, elements) for name, action in ways.items()}
    return contest(contenders, effort, advance)


def sizes(device: CpuDevice, plan: Plan, report: Report) -> SizesResult:
    """Time `reduce` of the first n codes of N(-20, 8) for every n of the plan, and SciPy's."""
    stage = f"cpu: up to {plan.sizes[-1]:,} codes"
    report(stage, 0, STAGE_PARTS)
    fitting, left_out = _fitting(plan.sizes, plan.float_size)
    codes = codes_in_chunks(DATA_SETS["normal"], np.random.default_rng(_SEED), fitting[-1])
    nats = from_codes(codes[: plan.float_size])
    contenders: dict[tuple[str, int], Contender] = {}
    for n in fitting:
        contenders[REDUCE, n] = Contender(partial(device.reduce, codes[:n]), n)
        if n <= len(nats):
            contenders[SCIPY, n] = Contender(partial(logsumexp, nats[:n]), n)
    timings = contest(
        contenders,
        plan.effort,
        lambda part: report(stage, int(part * STAGE_PARTS), STAGE_PARTS),
    )
    ours, theirs = (
        {n: timing for (name, n), timing in timings.items() if name == way}
        for way in (REDUCE, SCIPY)
    )
    return SizesResult(ours, theirs, left_out)


def _fitting(wanted: tuple[int, ...], float_size: int) -> tuple[list[int], dict[int, str]]:
    """Return each n that fits into memory, the smallest in any case, and why the others do not."""
    available = available_bytes()
    fitting: list[int] = []
    left_out: dict[int, str] = {}
    for n in wanted:
        # The codes; up to float_size of them as float64, and four times as much inside SciPy.
        needed = 4 * n + 40 * min(n, float_size)
        if fitting and available is not None and needed > _SHARE * available:
            left_out[n] = f"needs {needed / 1e6:,.0f} MB, {available / 1e6:,.0f} MB are available"
        else:
            fitting.append(n)
    return fitting, left_out


def segments(device: CpuDevice, plan: Plan, report: Report) -> list[SegmentsResult]:
    """Time `reduce` of segments beside NumPy on float64, and a loop of SciPy over long segments."""
    results = []
    stage = f"cpu: segments of {plan.segment_codes:,} codes"
    for (title, lengths), advance in staged(report, stage, SEGMENTS.items()):
        rng = np.random.default_rng(_ROWS_SEED)
        codes = to_codes(DATA_SETS["normal"].draw(rng, plan.segment_codes))
        offsets = lengths(rng, len(codes))
        nats, count = from_codes(codes), len(offsets) - 1
        ways: _Ways = {
            REDUCE: partial(device.reduce, codes, offsets),
            REDUCEAT: partial(np.logaddexp.reduceat, nats, offsets[:-1]),
        }
        if len(codes) / count > _LOOPED:
            ways[SCIPY] = partial(_loop, np.split(nats, offsets[1:-1]))
        timings = _timed(ways, len(codes), plan.effort, advance)
        results.append(SegmentsResult(timings, title, len(codes), count))
    return results


def _loop(parts: list[NDArray[np.float64]]) -> list[object]:
    return [logsumexp(part) for part in parts]


def posteriors(device: CpuDevice, plan: Plan, report: Report) -> list[PosteriorsResult]:
    """Time posteriors for every H: rows by agent, rows in any order, and SciPy on float64.

    SciPy's way is ``np.add.reduceat`` of rows by agent, then ``logsumexp(axis=1)``.
    """
    results = []
    stage = f"cpu: posteriors of {plan.agents:,} agents"
    for hypotheses, advance in staged(report, stage, plan.hypotheses):
        evidence, agent, prior = evidence_of(plan.agents, hypotheses)
        order = np.random.default_rng(_ROWS_SEED).permutation(len(agent))
        firsts = np.flatnonzero(np.diff(agent, prepend=-1))
        ways: _Ways = {
            ASCENDING: partial(device.posterior, evidence, agent, prior),
            SHUFFLED: partial(device.posterior, evidence[order], agent[order], prior),
            SCIPY: partial(float_posterior, from_codes(evidence), firsts, from_codes(prior)),
        }
        timings = _timed(ways, plan.agents, plan.posterior_effort, advance)
        results.append(PosteriorsResult(timings, hypotheses, plan.agents, len(agent)))
    return results
