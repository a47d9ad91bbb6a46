"""On the cpu: all pairs, a sweep, leave-one-out and an update, against the number of agents."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from consilience.devices.cpu import CpuDevice
from consilience.errors import Mismatch
from consilience.live.cpu_unit import CpuLiveUnit
from consilience.numbers.arrays import Codes
from consilience_hw.spec.flags import UpdateStep
from consilience_tools.benchmark.plan import Report, ScalePlan, staged
from consilience_tools.benchmark.timing import Timing, repeated
from consilience_tools.benchmark.workload import drawn_codes

__all__ = ["CpuScale", "Growth", "all_pairs", "fitted", "on_the_cpu", "update_ns"]

_LONG = 1.0
_TERMS = 1 << 20
"""Terms of a call; their codes, 4 MiB, stay in the cache."""


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
        """Return the seconds for n agents; beyond the measured sizes an extrapolation."""
        return float(self.factor * n**self.exponent)


@dataclass(frozen=True)
class CpuScale:
    """Processor times of one core by number of agents, so that other load does not count.

    The least of the samples counts.

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
        """Growth over all measured sizes but the first, where the overhead of a call counts."""
        sizes = list(self.pairwise)[1:]
        return fitted(sizes, [self.pairwise[n].spread.least for n in sizes])


def update_ns(timing: Timing) -> float:
    """Return the nanoseconds of one update."""
    return timing.spread.least / timing.elements * 1e9


def fitted(sizes: Sequence[int], seconds: Sequence[float]) -> Growth:
    """Return the power law through times; ValueError for fewer than two."""
    if len(sizes) < 2:
        raise ValueError(f"{len(sizes)} sizes have no growth")
    exponent, offset = np.polyfit(np.log(sizes), np.log(seconds), 1)
    return Growth(float(exponent), float(np.exp(offset)), tuple(sizes))


def all_pairs(device: CpuDevice, codes: Codes) -> Codes:
    """Return the log sum of all others for each code, each from scratch: n (n - 1) terms.

    The kernel is that of a sweep, with many sums a call, on contiguous codes: in the codes repeated
    over and over, segment k of length n - 1 has all but number ``-k - 1`` modulo n.
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


def on_the_cpu(plan: ScalePlan, report: Report) -> CpuScale:
    """Time everything for every size of the plan.

    Raises
    ------
    Mismatch
        All pairs and leave-one-out differ, or an update and a fresh sum.
    """
    pairwise, sweep, leave, update = {}, {}, {}, {}
    sizes = [*((n, True) for n in plan.pairwise), *((n, False) for n in plan.sizes)]
    with CpuDevice() as device:
        device.leave_one_out([1, 2])  # compiles
        device.reduce([1, 2])
        for (n, pairs), _ in staged(report, "cpu: against the number of agents", sizes):
            codes = drawn_codes(n)
            if pairs:
                if (all_pairs(device, codes[:300]) != device.leave_one_out(codes[:300])).any():
                    raise Mismatch("leave-one-out is not what each sum from scratch gives")
                pairwise[n] = _timed(partial(all_pairs, device, codes), n, plan.runs)
            else:
                sweep[n] = _timed(partial(device.reduce, codes), n, plan.runs)
                leave[n] = _timed(partial(device.leave_one_out, codes), n, plan.runs)
                update[n] = _updates(device, codes, plan)
    return CpuScale(pairwise, sweep, leave, update)


def _timed(action: Callable[[], object], n: int, runs: int) -> Timing:
    """Time an action after a first call; a long one is timed by that call alone."""
    first, _ = repeated(action, n, 1, time.process_time)
    if first.samples[0] > _LONG:
        return first
    return repeated(action, n, runs, time.process_time)[0]


def _updates(device: CpuDevice, codes: Codes, plan: ScalePlan) -> Timing:
    """Time updates of a state that holds all codes, a result after each."""
    unit = CpuLiveUnit()
    ids = np.arange(len(codes), dtype=np.uint32)
    unit.apply(np.full(len(codes), UpdateStep.ENTERS, np.uint8), ids, ids, codes, codes)
    # In a ring each agent gets the code of the one before, and in the end the multiset is the same.
    count = min(plan.updates, len(codes))
    old, new = codes[:count], np.roll(codes[:count], 1)
    steps = np.full(count, UpdateStep.LEAVES | UpdateStep.ENTERS | UpdateStep.READS, np.uint8)
    ids = ids[:count]
    timing = _timed(partial(unit.apply, steps, ids, ids, old, new), count, plan.runs)
    last = unit.apply(steps[:1], ids[:1], ids[:1], old[:1], old[:1])
    if last.codes[0] != device.reduce(codes)[0]:
        raise Mismatch("after updates the live state differs from a fresh sum")
    return timing
