"""All of it, and its JSON."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from consilience_tools.benchmark.contest import Timing
from consilience_tools.benchmark.machine import describe, load
from consilience_tools.benchmark.scale.gateware import GatewareResult, in_simulation
from consilience_tools.benchmark.scale.plan import ScalePlan
from consilience_tools.benchmark.scale.processor import ProcessorResult, on_the_cpu, update_ns
from consilience_tools.benchmark.stage import Report
from consilience_tools.place_and_route.baseline import read_baseline
from consilience_tools.place_and_route.configurations import LIVE

__all__ = ["Clock", "ScaleResults", "run_scale", "scale_value"]

_SWEEP = "ecp5-85f-8-x8"
"""The configuration of the `LogSumExp` that sweeps, on the live unit's part."""


@dataclass(frozen=True)
class Clock:
    """The routed clock of a unit, by which its cycles are times.

    Parameters
    ----------
    configuration, part : str
        Of `consilience_tools.place_and_route`.
    mhz : float
    """

    configuration: str
    part: str
    mhz: float

    def microseconds(self, cycles: float) -> float:
        """Return the time of so many cycles."""
        return cycles / self.mhz


@dataclass(frozen=True)
class ScaleResults:
    """What was measured."""

    quick: bool
    seconds: float
    machine: Mapping[str, object]
    load_before: list[float] | None
    load_after: list[float] | None
    live_clock: Clock
    sweep_clock: Clock
    processor: ProcessorResult
    gateware: GatewareResult


def run_scale(plan: ScalePlan, report: Report, *, quick: bool) -> ScaleResults:
    """Measure everything in the plan; raises as its parts do."""
    start = time.monotonic()
    load_before = load()
    processor = on_the_cpu(plan, report)
    gateware = in_simulation(plan, report)
    return ScaleResults(
        quick=quick,
        machine=describe(),
        load_before=load_before,
        load_after=load(),
        live_clock=_routed_clock(LIVE),
        sweep_clock=_routed_clock(_SWEEP),
        processor=processor,
        gateware=gateware,
        seconds=time.monotonic() - start,
    )


def scale_value(results: ScaleResults) -> dict[str, object]:
    """Return all results as one JSON object; n are keys as decimal text."""
    processor, gateware = results.processor, results.gateware
    growth = processor.pairwise_growth
    return {
        "quick": results.quick,
        "seconds": results.seconds,
        "machine": dict(results.machine),
        "load_before": results.load_before,
        "load_after": results.load_after,
        "live_clock": asdict(results.live_clock),
        "sweep_clock": asdict(results.sweep_clock),
        "update_cycles": {str(n): one.most for n, one in gateware.live.items()},
        "pairwise_growth": asdict(growth),
        "cpu_seconds": {
            "pairwise": _least(processor.pairwise),
            "sweep": _least(processor.sweep),
            "leave_one_out": _least(processor.leave_one_out),
        },
        "cpu_update_ns": {str(n): update_ns(timing) for n, timing in processor.update.items()},
        "samples": {
            name: {str(n): list(timing.samples) for n, timing in timings.items()}
            for name, timings in vars(processor).items()
        },
        "live": {str(n): asdict(one) for n, one in gateware.live.items()},
        "sweep": asdict(gateware.wide),
        "leave_one_out": {
            "codes": gateware.left_out,
            "cycles_per_code": gateware.cycles_per_left_out,
        },
    }


def _least(timings: Mapping[int, Timing]) -> dict[str, float]:
    return {str(n): timing.spread.least for n, timing in timings.items()}


def _routed_clock(name: str) -> Clock:
    figures = read_baseline()[name]
    return Clock(name, figures["part"], figures["fmax_median_mhz"])
