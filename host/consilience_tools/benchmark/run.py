"""All parts of the benchmark, one after the other, and the figures that sum them up."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from consilience.devices.cpu import CpuDevice
from consilience_tools.benchmark.accuracy import ErrorResult, errors
from consilience_tools.benchmark.compiling import compiled
from consilience_tools.benchmark.contest import speed_ratio
from consilience_tools.benchmark.cpu_rows import (
    PosteriorsResult,
    SegmentsResult,
    posteriors,
    segments,
)
from consilience_tools.benchmark.cpu_sums import (
    CONVERTED,
    REDUCE,
    DataSetResult,
    SizesResult,
    data_sets,
    sizes,
)
from consilience_tools.benchmark.job import Job
from consilience_tools.benchmark.link_jobs import REDUCE_ALL, jobs_through_the_link
from consilience_tools.benchmark.machine import describe, load
from consilience_tools.benchmark.other_ways import SCIPY
from consilience_tools.benchmark.plan import Plan
from consilience_tools.benchmark.stage import Report
from consilience_tools.benchmark.stream_jobs import jobs_through_streams

__all__ = ["Results", "Summary", "run_benchmark"]

_FLAT_FROM = 10**5
"""n from which time per element is to be flat; below it a call's own time counts."""
_MILLION = 10**6


@dataclass(frozen=True)
class Summary:
    """The figures that are asked for first.

    Parameters
    ----------
    cpu_vs_scipy, cpu_with_conversion_vs_scipy : float
        How many times faster than `scipy.special.logsumexp` on float64, without and with
        `to_codes`: that of the worst data set.
    worst_data_set, worst_data_set_with_conversion : str
        Which it is.
    ns_per_element : mapping of int to float
        Of `reduce` on the cpu, by n.
    flatness : float
        Largest by smallest of them from n = 10^5 on.
    sim_seconds_1e6 : float
        `reduce` of 10^6 codes through the simulated device; of fewer codes, scaled.
    """

    cpu_vs_scipy: float
    worst_data_set: str
    cpu_with_conversion_vs_scipy: float
    worst_data_set_with_conversion: str
    ns_per_element: Mapping[int, float]
    flatness: float
    sim_seconds_1e6: float


@dataclass(frozen=True)
class Results:
    """What was measured.

    Parameters
    ----------
    quick : bool
        A little of everything: the figures are worth nothing.
    seconds : float
        The whole run, compiling included.
    machine : mapping
        See `machine.describe`.
    load_before, load_after : list of float or None
        See `machine.load`.
    link_jobs, stream_jobs : list of Job
        In simulation: through the link, and on word-wide streams.
    """

    quick: bool
    seconds: float
    machine: Mapping[str, object]
    load_before: list[float] | None
    load_after: list[float] | None
    data_sets: list[DataSetResult]
    sizes: SizesResult
    errors: list[ErrorResult]
    segments: list[SegmentsResult]
    posteriors: list[PosteriorsResult]
    link_jobs: list[Job]
    stream_jobs: list[Job]

    @property
    def summary(self) -> Summary:
        """The figures that are asked for first."""
        plain = {one.title: _against_scipy(one, REDUCE) for one in self.data_sets}
        converted = {one.title: _against_scipy(one, CONVERTED) for one in self.data_sets}
        by_size = {n: timing.nanoseconds for n, timing in self.sizes.reduce.items()}
        flat = [value for n, value in by_size.items() if n >= _FLAT_FROM]
        (million,) = (job for job in self.link_jobs if job.title == REDUCE_ALL)
        return Summary(
            cpu_vs_scipy=min(plain.values()),
            worst_data_set=min(plain, key=plain.__getitem__),
            cpu_with_conversion_vs_scipy=min(converted.values()),
            worst_data_set_with_conversion=min(converted, key=converted.__getitem__),
            ns_per_element=by_size,
            flatness=max(flat) / min(flat),
            sim_seconds_1e6=million.timing.spread.median * _MILLION / million.elements,
        )


def run_benchmark(plan: Plan, report: Report, *, quick: bool) -> Results:
    """Measure everything in the plan.

    Raises
    ------
    ToolMissing
        No C++ compiler for the simulations.
    Mismatch
        Two ways to one result do not agree.
    """
    start = time.monotonic()
    load_before = load()
    with compiled((1, plan.lanes), report) as simulations, CpuDevice() as cpu:
        return Results(
            quick=quick,
            machine=describe(),
            load_before=load_before,
            data_sets=data_sets(cpu, plan, report),
            sizes=sizes(cpu, plan, report),
            errors=errors(cpu, plan, report),
            segments=segments(cpu, plan, report),
            posteriors=posteriors(cpu, plan, report),
            link_jobs=jobs_through_the_link(simulations.transport, cpu, plan, report),
            stream_jobs=jobs_through_streams(simulations.streams, cpu, plan, report),
            load_after=load(),
            seconds=time.monotonic() - start,
        )


def _against_scipy(result: DataSetResult, way: str) -> float:
    return speed_ratio(result.timings[way], result.timings[SCIPY]).median
