"""The cpu device beside what users have, all in one run: pairs, side by side, files, start-up."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from consilience_tools.benchmark.files import fused_files
from consilience_tools.benchmark.machine import Conditions, watched
from consilience_tools.benchmark.others import Way, side_by_side
from consilience_tools.benchmark.pairs import Pair, paired_calls
from consilience_tools.benchmark.plan import BesidePlan, Report
from consilience_tools.benchmark.starts import start_seconds

__all__ = ["BesideResults", "beside_value", "run_beside"]


@dataclass(frozen=True)
class BesideResults:
    """All that was measured: pairs and files, ways side by side, seconds of the shortest runs."""

    pairs: list[Pair]
    ways: list[Way]
    not_installed: list[str]
    starts: Mapping[str, float]
    values: int
    conditions: Conditions


def run_beside(plan: BesidePlan, report: Report, *, quick: bool) -> BesideResults:
    """Measure all of it."""
    ended = watched(quick=quick)
    pairs = paired_calls(plan, report) + fused_files(plan, report)
    ways, missing = side_by_side(plan, report)
    starts = start_seconds(plan, report)
    return BesideResults(pairs, ways, missing, starts, plan.elements, ended())


def beside_value(results: BesideResults) -> dict[str, object]:
    """Return the results as JSON: ratios first."""
    return {
        "ratios": {f"{one.title} / {one.beside}": one.ratio for one in results.pairs},
        "results_of_orders_and_threads": {one.name: one.results for one in results.ways},
        "start_processor_s": dict(results.starts),
        "pairs": [asdict(one) | {"ratio": one.ratio} for one in results.pairs],
        "side_by_side": {
            "values": results.values,
            "ways": [asdict(one) for one in results.ways],
            "not_run": dict.fromkeys(results.not_installed, "not installed"),
        },
        **vars(results.conditions),
    }
