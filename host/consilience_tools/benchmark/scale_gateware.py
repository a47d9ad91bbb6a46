"""In simulation: cycles of an update, the drain, a full sweep and leave-one-out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from consilience.devices.cpu import CpuDevice
from consilience.devices.sim import build_errors_told
from consilience.errors import Mismatch
from consilience.live.sim_unit import simulated_leave_one_out
from consilience.numbers.arrays import Codes
from consilience_hw.spec.flags import UpdateStep
from consilience_sim.compiled import log_sum_exp_simulation
from consilience_sim.compiled.live_simulation import LiveSimulation
from consilience_sim.compiled.log_sum_exp_simulation import packed_beats
from consilience_tools.benchmark.plan import Report, ScalePlan, staged
from consilience_tools.benchmark.simulated import stream_results
from consilience_tools.benchmark.workload import drawn_codes

__all__ = ["GatewareResult", "LiveCycles", "SweepCycles", "in_simulation"]

_STEPS = UpdateStep.LEAVES | UpdateStep.ENTERS | UpdateStep.READS


@dataclass(frozen=True)
class LiveCycles:
    """Clock cycles of the live unit at one number of agents.

    Parameters
    ----------
    updates : int
        Measured updates, each of another agent.
    fewest, most : int
        Cycles from the offer of an update to its result.
    apart : int
        Cycles from one update to the next, back to back.
    drain, sweep : int
        Cycles from the last and from the first of all codes entering to the result.
    """

    updates: int
    fewest: int
    most: int
    apart: int
    drain: int
    sweep: int


@dataclass(frozen=True)
class SweepCycles:
    """Clock cycles of a `LogSumExp` over all codes: from the first beat, and from the last."""

    lanes: int
    codes: int
    sweep: int
    drain: int


@dataclass(frozen=True)
class GatewareResult:
    """Results of the simulation.

    Parameters
    ----------
    live : mapping of int to LiveCycles
        Cycles by number of agents.
    wide : SweepCycles
    left_out : int
        Codes of leave-one-out.
    cycles_per_left_out : float
        Cycles of both its passes, by codes.
    """

    live: Mapping[int, LiveCycles]
    wide: SweepCycles
    left_out: int
    cycles_per_left_out: float


def in_simulation(plan: ScalePlan, report: Report) -> GatewareResult:
    """Simulate the live unit, and the engine's kernel for comparison.

    Raises
    ------
    ToolMissing, ConsilienceError
        The gateware cannot be compiled.
    Mismatch
        A result differs from the cpu's.
    """
    stage = "sim: cycles against the number of agents"
    steps = staged(report, stage, range(len(plan.gateware) + 2))
    live = {}
    with CpuDevice() as device:
        with build_errors_told(), LiveSimulation() as unit:
            for n in plan.gateware:
                next(steps)
                live[n] = _live(unit, device, drawn_codes(n), plan.updates)
        next(steps)
        codes = drawn_codes(plan.left_out)
        found, _ = simulated_leave_one_out(codes)
        if (found != device.leave_one_out(codes)).any():
            raise Mismatch("leave-one-out in simulation differs from the cpu")
        next(steps)
        wide = _wide(device, drawn_codes(plan.gateware[-1]), plan.lanes)
    next(steps, None)
    # One cycle each for entering; three for leaving, entering again and reading.
    return GatewareResult(live, wide, plan.left_out, _left_out_cycles(codes) / plan.left_out)


def _live(unit: LiveSimulation, device: CpuDevice, codes: Codes, updates: int) -> LiveCycles:
    """Enter all codes and read, then update; compare the last results with fresh sums."""
    n = len(codes)
    unit.update([UpdateStep.CLEARS], 0, 0)
    # A run of its own, which waits until the unit is cleared.
    unit.update([UpdateStep.READS], 0, 0)
    steps = np.full(n + 1, UpdateStep.ENTERS)
    steps[-1] = UpdateStep.READS
    swept = unit.update(steps, 0, np.append(codes, 0))
    result = int(swept.produced[0])
    _same(device, codes, swept.codes[0], swept.status[0])
    count = min(updates, n)
    new = drawn_codes(count, seed=2)
    found = unit.update(np.full(count, _STEPS), codes[:count], new)
    _same(device, np.concatenate((new, codes[count:])), found.codes[-1], found.status[-1])
    # An update is offered as soon as the one before has been taken.
    offered = np.append(0, found.accepted[:-1] + 1)
    latency = found.produced - offered
    apart = set(np.diff(found.accepted).tolist())
    if len(apart) > 1:
        raise Mismatch(f"updates are {sorted(apart)} cycles apart: the time depends on their codes")
    first, last = int(swept.accepted[0]), int(swept.accepted[-2])
    fewest, most = int(latency.min()), int(latency.max())
    return LiveCycles(count, fewest, most, apart.pop(), drain=result - last, sweep=result - first)


def _wide(device: CpuDevice, codes: Codes, lanes: int) -> SweepCycles:
    with build_errors_told():
        simulation = log_sum_exp_simulation(lanes)
    beats = packed_beats(lanes, codes, np.array([0, len(codes)]))
    with simulation:
        outputs, accepted, produced = simulation.run(beats, 1, max_cycles=4 * len(beats) + 1_000)
    found, status = stream_results(outputs)
    _same(device, codes, found[0], status[0])
    first, last, result = int(accepted[0]), int(accepted[-1]), int(produced[0])
    return SweepCycles(lanes, len(codes), sweep=result - first, drain=result - last)


def _left_out_cycles(codes: Codes) -> int:
    """Return the cycles of both passes over codes, up to the last result."""
    with build_errors_told(), LiveSimulation() as unit:
        unit.update([UpdateStep.READS], 0, 0)
        started = unit.cycles
        unit.update(np.full(len(codes), UpdateStep.ENTERS), 0, codes)
        unit.update(np.full(len(codes), _STEPS), codes, codes)
        return unit.cycles - started


def _same(device: CpuDevice, codes: Codes, found: np.int32, status: Any) -> None:
    """Raise Mismatch if a result differs from the cpu's; a marked one may be its neighbour."""
    expected = int(device.reduce(codes)[0])
    if abs(int(found) - expected) > int(status != 0):
        raise Mismatch(f"sim gives {found} for {len(codes)} codes, cpu {expected}")
