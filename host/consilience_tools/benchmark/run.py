"""All parts of the benchmark, one after the other, the figures that sum them up, and the JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from consilience.devices.cpu import CpuDevice
from consilience_tools.benchmark.accuracy import ErrorResult, errors
from consilience_tools.benchmark.cpu import (
    CONVERTED,
    REDUCE,
    Compared,
    DataSetResult,
    PosteriorsResult,
    SegmentsResult,
    SizesResult,
    data_sets,
    posteriors,
    segments,
    sizes,
)
from consilience_tools.benchmark.machine import Conditions, watched
from consilience_tools.benchmark.plan import Plan, Report
from consilience_tools.benchmark.simulated import (
    REDUCE_ALL,
    Job,
    compiled,
    jobs_through_streams,
    jobs_through_the_link,
)
from consilience_tools.benchmark.timing import Timing
from consilience_tools.place_and_route.routed_figures import RoutedFigures

__all__ = ["Results", "Summary", "json_value", "run_benchmark"]

_FLAT_FROM = 10**5
"""n from which time per element must be flat; below it the overhead of a call counts."""
_MILLION = 10**6


@dataclass(frozen=True)
class Summary:
    """The main figures.

    Parameters
    ----------
    cpu_vs_scipy, cpu_with_conversion_vs_scipy : float
        How many times faster than `scipy.special.logsumexp` on float64, without and with
        `to_codes`, for the worst data set.
    worst_data_set, worst_data_set_with_conversion : str
        Title of that data set.
    ns_per_element : mapping of int to float
        Time of `reduce` on the cpu, by n.
    flatness : float
        Largest by smallest of these times from n = 10^5 on.
    sim_seconds_1e6 : float
        `reduce` of 10^6 codes through the simulated device, scaled if it had fewer.
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
    """All measurements; simulated jobs through the link come before those on streams."""

    data_sets: list[DataSetResult]
    sizes: SizesResult
    errors: list[ErrorResult]
    segments: list[SegmentsResult]
    posteriors: list[PosteriorsResult]
    simulation: list[Job]
    conditions: Conditions

    @property
    def summary(self) -> Summary:
        """The main figures."""
        plain, converted = (
            {one.title: one.vs_scipy[way].median for one in self.data_sets}
            for way in (REDUCE, CONVERTED)
        )
        by_size = {n: timing.nanoseconds for n, timing in self.sizes.reduce.items()}
        flat = [value for n, value in by_size.items() if n >= _FLAT_FROM]
        (million,) = (job for job in self.simulation if job.title == REDUCE_ALL)
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
    ended = watched(quick=quick)
    with compiled((1, plan.lanes), report) as simulations, CpuDevice() as cpu:
        return Results(
            data_sets=data_sets(cpu, plan, report),
            sizes=sizes(cpu, plan, report),
            errors=errors(cpu, plan, report),
            segments=segments(cpu, plan, report),
            posteriors=posteriors(cpu, plan, report),
            simulation=jobs_through_the_link(simulations.transport, cpu, plan, report)
            + jobs_through_streams(simulations.streams, cpu, plan, report),
            conditions=ended(),
        )


def json_value(results: Results, routed: Sequence[RoutedFigures]) -> dict[str, object]:
    """Return all results: the summary first, then every part with its raw samples.

    The names of seconds and cycles say which they are.
    """
    sizes = results.sizes
    return {
        **asdict(results.summary),
        **vars(results.conditions),
        "data_sets": [_compared(part) for part in results.data_sets],
        "sizes": {
            "reduce": _timings(sizes.reduce),
            "SciPy": _timings(sizes.scipy),
            "left_out": sizes.left_out,
        },
        "errors_ulp": [asdict(part) for part in results.errors],
        "segments": [_compared(part) for part in results.segments],
        "posteriors": [_compared(part) for part in results.posteriors],
        "simulation": [_job(job) for job in results.simulation],
        "routed": [asdict(one) for one in routed],
    }


def _compared(part: Compared) -> dict[str, object]:
    value = {name: field for name, field in vars(part).items() if name != "timings"}
    value["timings"] = _timings(part.timings)
    ratios = {way: asdict(ratio) for way, ratio in part.vs_scipy.items()}
    return value | ({"vs_scipy": ratios} if ratios else {})


def _job(job: Job) -> dict[str, object]:
    value = {name: field for name, field in vars(job).items() if name != "timing"}
    return value | {"cycles_per_element": job.cycles_per_element, "timing": _timing(job.timing)}


def _timings(timings: Mapping[str, Timing] | Mapping[int, Timing]) -> dict[str, object]:
    return {str(name): _timing(timing) for name, timing in timings.items()}


def _timing(timing: Timing) -> dict[str, object]:
    spread = timing.spread
    return {
        "elements": timing.elements,
        "runs": spread.runs,
        "calls_per_run": timing.calls,
        "ns_per_element": timing.nanoseconds,
        "median_s": spread.median,
        "lower_quartile_s": spread.lower_quartile,
        "upper_quartile_s": spread.upper_quartile,
        "interquartile_range_s": spread.interquartile_range,
        "least_s": spread.least,
        "coefficient_of_variation": spread.variation,
        "coefficient_of_variation_limit_95": spread.variation_limit,
        "rounds": timing.rounds,
        "samples_s": timing.samples,
    }
