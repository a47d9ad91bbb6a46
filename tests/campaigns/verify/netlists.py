"""What synthesis makes of the gateware does what the gateware does.

The cells are simulated by yosys' own models (one of ours: the ECP5's block RAM), with Verilator in
the cocotb tests of the RTL, and, put in their places as gates, in compiled code.
"""

import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

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

ROOT = Path(__file__).parents[3]
SEED = 47
PACKETS = {Scale.FULL: 100_000, Scale.SLICE: 4_000}
CASES = {
    Scale.FULL: [(family, lanes) for family in Family for lanes in (1, 2, 8)],
    Scale.SLICE: [(Family.ICE40, 1)],
}
STALLED = {"scatter": SEED, "gaps": 0.2, "stalls": 0.3, "seed": SEED}
"""Half of the packets go in any lanes, with pauses on both sides."""


def run(scale: Scale, progress: Progress) -> Findings:
    """Run random packets through the netlists; at full scale cocotb's tests, too."""
    findings = Findings(seeds={"packets, lanes, gaps, stalls": SEED})
    cases = CASES[scale]
    total = len(cases) + (scale is Scale.FULL)
    for done, (family, lanes) in enumerate(cases):
        progress(done, total)
        findings.claims.append(_random_packets(family, lanes, PACKETS[scale]))
    if scale is Scale.FULL:
        progress(len(cases), total)
        findings.claims += _tests()
    progress(total, total)
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


def _tests() -> list[Claim]:
    """Run pytest on what takes minutes to compile; a claim for each."""
    with TemporaryDirectory() as name:
        results = Path(name) / "results.xml"
        tests = [
            "tests/sim/testbenches/test_cocotb_netlists.py",
            "tests/sim/netlists/test_live_netlist.py",
            "tests/hw/benches/test_widest_bench.py",
            "--all-netlists",
            f"--junitxml={results}",
        ]
        tests += ["-o", "junit_family=xunit1"]  # the one that takes properties of a test
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if not results.exists():
            raise RuntimeError(f"no results of the netlists' tests:\n{done.stdout[-2000:]}")
        cases = list(ElementTree.parse(results).iter("testcase"))
    return [_claim(case) for case in cases]


def _claim(case: ElementTree.Element) -> Claim:
    failed = [tag for tag in ("failure", "error", "skipped") if case.find(tag) is not None]
    found = None if not failed else case.find(failed[0])
    counts = {item.get("name", ""): item.get("value", "0") for item in case.iter("property")}
    text = counts.pop("claim", f"the cocotb tests of the RTL pass on {case.get('name')}")
    return Claim(
        text,
        sum(map(int, counts.values())) or len(failed),
        len(failed),
        detail="" if found is None else (found.get("message") or "")[:2000],
    )
