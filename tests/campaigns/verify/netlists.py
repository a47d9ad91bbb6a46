"""What synthesis makes of the gateware does what the gateware does.

The cells are simulated by yosys' own models (one of ours: the ECP5's block RAM), put in their
places as gates, in compiled code. In the cocotb tests of the RTL, with Verilator: `slow_tests`.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from consilience_sim.compiled import StreamSimulation, log_sums_of
from consilience_sim.compiled.log_sum_exp_simulation import log_sum_exp_design
from consilience_sim.netlists import Family, Netlist, netlist_of
from tests.campaigns.verify.step import Claim, Findings, Progress, Scale

__all__ = ["netlist_simulation", "run"]

SEED = 47
PACKETS = {Scale.FULL: 100_000, Scale.SLICE: 4_000}
CASES = {
    Scale.FULL: [(family, lanes) for family in Family for lanes in (1, 2, 8)],
    Scale.SLICE: [(Family.ICE40, 1)],
}
STALLED = {"scatter": SEED, "gaps": 0.2, "stalls": 0.3, "seed": SEED}
"""Half of the packets go in any lanes, with pauses on both sides."""


def run(scale: Scale, progress: Progress) -> Findings:
    """Run random packets through the netlists."""
    findings = Findings(seeds={"packets, lanes, gaps, stalls": SEED})
    cases = CASES[scale]
    for done, (family, lanes) in enumerate(cases):
        progress(done, len(cases))
        findings.claims.append(_random_packets(family, lanes, PACKETS[scale]))
    progress(len(cases), len(cases))
    return findings


@cache
def netlist_simulation(family: str, lanes: int) -> StreamSimulation:
    """Return the netlist of a `LogSumExp` in Q16.16, simulated; "ice40" or "ecp5"."""
    name = f"netlist for {family} of LogSumExp with {lanes} lanes"
    return StreamSimulation(_netlist(Family(family), lanes).design, name=name)


def _netlist(family: Family, lanes: int) -> Netlist:
    return netlist_of(log_sum_exp_design(lanes), family, name=f"LogSumExp with {lanes} lanes")


def _random_packets(family: Family, lanes: int, count: int) -> Claim:
    """Compare with the golden model, half of the packets packed and half in any lanes."""
    simulation = netlist_simulation(family.value, lanes)
    simulation.reset()
    failures, marked, detail = 0, 0, ""
    for seed, options in ((SEED, {}), (SEED + 1, STALLED)):
        codes, offsets = _packets(count // 2, lanes, seed)
        found, status = log_sums_of(simulation, lanes, codes, offsets, **options)
        right, flags = golden.log_sums(codes, offsets)
        hard = (status & ResultStatus.HARD_TO_ROUND) != 0
        # One of the two neighbours of a border, for the host to decide between.
        near = np.abs(found.astype(np.int64) - right) <= hard
        # A mark far from any border is wrong, too.
        for place in np.flatnonzero(hard):
            packet = codes[offsets[place] : offsets[place + 1]]
            near[place] &= golden.hard_to_round(packet.tolist())
        wrong = np.flatnonzero(~near | (status & ~np.uint32(ResultStatus.HARD_TO_ROUND) != flags))
        failures += len(wrong)
        marked += int(hard.sum())
        if len(wrong) and not detail:
            place = int(wrong[0])
            packet = codes[offsets[place] : offsets[place + 1]].tolist()
            detail = f"code {found[place]}, not {right[place]}, status {status[place]}: {packet}"
    area = ", ".join(f"{n} {part}" for part, n in _netlist(family, lanes).area.items())
    return Claim(
        f"netlist {family.value}, {lanes} lanes: random packets give the golden codes and status",
        2 * (count // 2),
        failures,
        measured=f"{marked} marked hard to round",
        bound=f"{area}",
        detail=detail,
    )


def _packets(count: int, lanes: int, seed: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return packets of each fill of a beat, of mixed scales, with special codes in a tenth."""
    random = np.random.default_rng(seed)
    sizes = random.integers(0, 4 * lanes + 1, count)
    sizes[random.random(count) < 0.02] = 25 * lanes + 3
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    total = int(offsets[-1])
    centre = np.repeat(random.integers(Q16_16.min_code, Q16_16.max_code, count), sizes)
    width = np.repeat(np.int64(1) << random.integers(0, 26, count), sizes)
    codes = centre + (random.standard_normal(total) * width).astype(np.int64)
    codes = np.clip(codes, Q16_16.min_code, Q16_16.max_code)
    special = [Q16_16.log_of_zero, Q16_16.min_code, Q16_16.max_code, 0, -1]
    codes = np.where(random.random(total) < 0.1, random.choice(special, total), codes)
    return codes.astype(np.int32), offsets
