"""Results as one JSON object: the summary first, then every part with its raw samples."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from consilience_tools.benchmark.contest import Timing, speed_ratio
from consilience_tools.benchmark.cpu_rows import PosteriorsResult, SegmentsResult
from consilience_tools.benchmark.cpu_sums import DataSetResult
from consilience_tools.benchmark.job import Job
from consilience_tools.benchmark.other_ways import SCIPY
from consilience_tools.benchmark.routed import RoutedFigures
from consilience_tools.benchmark.run import Results

__all__ = ["json_value"]


def json_value(results: Results, routed: Sequence[RoutedFigures]) -> dict[str, object]:
    """Return all results; seconds and cycles under names that say which they are.

    Keys of the summary are those of `run.Summary`; n are keys as decimal text.
    """
    sizes = results.sizes
    summary = asdict(results.summary)
    summary["ns_per_element"] = {str(n): ns for n, ns in summary["ns_per_element"].items()}
    return {
        **summary,
        "quick": results.quick,
        "seconds": results.seconds,
        "machine": dict(results.machine),
        "load_before": results.load_before,
        "load_after": results.load_after,
        "data_sets": [_cpu_part(part) for part in results.data_sets],
        "sizes": {
            "reduce": {str(n): _timing(timing) for n, timing in sizes.reduce.items()},
            "SciPy": {str(n): _timing(timing) for n, timing in sizes.scipy.items()},
            "left_out": {str(n): why for n, why in sizes.left_out.items()},
        },
        "errors_ulp": [asdict(part) for part in results.errors],
        "segments": [_cpu_part(part) for part in results.segments],
        "posteriors": [_cpu_part(part) for part in results.posteriors],
        "simulation": [_job(job) for job in results.link_jobs + results.stream_jobs],
        "routed": [asdict(one) for one in routed],
    }


def _cpu_part(part: DataSetResult | SegmentsResult | PosteriorsResult) -> dict[str, object]:
    timings = part.timings
    value = {name: field for name, field in vars(part).items() if name != "timings"}
    value["timings"] = {name: _timing(timing) for name, timing in timings.items()}
    if SCIPY in timings:
        value["vs_scipy"] = {
            name: asdict(speed_ratio(timing, timings[SCIPY]))
            for name, timing in timings.items()
            if name != SCIPY
        }
    return value


def _job(job: Job) -> dict[str, object]:
    value = {name: field for name, field in vars(job).items() if name != "timing"}
    return value | {
        "cycles_per_element": job.cycles_per_element,
        "timing": _timing(job.timing),
    }


def _timing(timing: Timing) -> Mapping[str, object]:
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
        "rounds": list(timing.rounds),
        "samples_s": list(timing.samples),
    }
