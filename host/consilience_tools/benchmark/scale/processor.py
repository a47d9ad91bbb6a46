"""On the cpu: all pairs, a sweep, leave-one-out and an update, against the number of agents."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from consilience.devices.cpu import CpuDevice
from consilience.errors import Mismatch
from consilience.live.cpu_unit import CpuLiveUnit
from consilience_hw.spec.flags import UpdateStep
from consilience_tools.benchmark.contest import Timing
from consilience_tools.benchmark.scale.plan import ScalePlan, drawn_codes
from consilience_tools.benchmark.stage import Report, Stage

__all__ = ["Growth", "ProcessorResult", "fitted", "on_the_cpu", "update_ns"]

_LONG = 1.0
_TERMS = 1 << 20
"""Of a call; their codes, 4 MiB, stay in the cache."""


@dataclass(frozen=True)
class Growth:
    """``seconds = factor * n ** exponent``, least squares in logarithms.

    Parameters
    ----------
    exponent, factor : float
    sizes : tuple of int
        n of the fit.
    """

    exponent: float
    factor: float
    sizes: tuple[int, ...]

    def seconds(self, n: int) -> float:
        """Return the seconds for n agents, beyond what was run: an extrapolation."""
        return float(self.factor * n**self.exponent)


@dataclass(frozen=True)
class ProcessorResult:
    """Processor times by number of agents, of one core: what else runs on the machine does not
    count. Of the samples the least counts.

    Parameters
    ----------
    pairwise, sweep, leave_one_out : mapping of int to Timing
        Seconds of a whole call.
    update : mapping of int to Timing
        Seconds of all updates, see `update_ns`.
    """

    pairwise: Mapping[int, Timing]
    sweep: Mapping[int, Timing]
    leave_one_out: Mapping[int, Timing]
    update: Mapping[int, Timing]

    @property
    def pairwise_growth(self) -> Growth:
        """Of the sizes that were run, all but the first: there a call's own time counts."""
        sizes = list(self.pairwise)[1:]
        return fitted(sizes, [self.pairwise[n].spread.least for n in sizes])


def update_ns(timing: Timing) -> float:
    """Return the nanoseconds of one update."""
    return timing.spread.least / timing.elements * 1e9


def fitted(sizes: Sequence[int], seconds: Sequence[float]) -> Growth:
    """Return the power law through times; ValueError of fewer than two."""
    if len(sizes) < 2:
        raise ValueError(f"{len(sizes)} sizes have no growth")
    exponent, offset = np.polyfit(np.log(sizes), np.log(seconds), 1)
    return Growth(float(exponent), float(np.exp(offset)), tuple(sizes))


def all_pairs(device: CpuDevice, codes: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the log sum of all others for each code, each from scratch: n (n - 1) terms.

    By the same kernel as a sweep, many sums a call, on codes that lie side by side: of codes
    repeated over and over, segment k of length n - 1 has all but number ``-k - 1`` modulo n.
    """
    count = len(codes)
    block = max(1, min(count, _TERMS // count))
    ring = np.tile(codes, block + 1)
    found = np.empty(count, np.int32)
    for first in range(0, count, block):
        segments = min(block, count - first)
        start = -first % count
        offsets = np.arange(segments + 1) * (count - 1)
        sums, _ = device.sums(ring[start : start + offsets[-1]], offsets)
        found[-1 - np.arange(first, first + segments) % count] = sums
    return found


def on_the_cpu(plan: ScalePlan, report: Report) -> ProcessorResult:
    """Time everything for every size of the plan.

    Raises
    ------
    Mismatch
        All pairs and leave-one-out differ, or an update and a fresh sum.
    """
    stage = Stage(report, "cpu: against the number of agents", len(plan.pairwise) + len(plan.sizes))
    pairwise, sweep, leave, update = {}, {}, {}, {}
    with CpuDevice() as device:
        device.leave_one_out([1, 2])  # compiles
        device.reduce([1, 2])
        for number, n in enumerate(plan.pairwise):
            stage.step(number)
            codes = drawn_codes(n)
            if (all_pairs(device, codes[:300]) != device.leave_one_out(codes[:300])).any():
                raise Mismatch("leave-one-out is not what each sum from scratch gives")
            pairwise[n] = _timed(partial(all_pairs, device, codes), n, plan.runs)
        for number, n in enumerate(plan.sizes):
            stage.step(len(plan.pairwise) + number)
            codes = drawn_codes(n)
            sweep[n] = _timed(partial(device.reduce, codes), n, plan.runs)
            leave[n] = _timed(partial(device.leave_one_out, codes), n, plan.runs)
            update[n] = _updates(device, codes, plan)
    stage.finish()
    return ProcessorResult(pairwise, sweep, leave, update)


def _timed(action: Callable[[], object], n: int, runs: int) -> Timing:
    """Time an action after a first call; one sample, that call, if it is long."""
    first = _processor_seconds(action)
    samples = [first] if first > _LONG else [_processor_seconds(action) for _ in range(runs)]
    return Timing(n, 1, tuple(range(len(samples))), tuple(samples))


def _processor_seconds(action: Callable[[], object]) -> float:
    start = time.process_time()
    action()
    return time.process_time() - start


def _updates(device: CpuDevice, codes: NDArray[np.int32], plan: ScalePlan) -> Timing:
    """Time updates of a state that holds all codes, a result after each."""
    unit = CpuLiveUnit()
    ids = np.arange(len(codes), dtype=np.uint32)
    unit.apply(np.full(len(codes), UpdateStep.ENTERS, np.uint8), ids, ids, codes, codes)
    # In a ring: each agent gets the code of the one before, and in the end all are as they were.
    count = min(plan.updates, len(codes))
    old, new = codes[:count], np.roll(codes[:count], 1)
    steps = np.full(count, UpdateStep.LEAVES | UpdateStep.ENTERS | UpdateStep.READS, np.uint8)
    ids = ids[:count]
    timing = _timed(partial(unit.apply, steps, ids, ids, old, new), count, plan.runs)
    last = unit.apply(steps[:1], ids[:1], ids[:1], old[:1], old[:1])
    if last.codes[0] != device.reduce(codes)[0]:
        raise Mismatch("after updates the live state differs from a fresh sum")
    return timing
