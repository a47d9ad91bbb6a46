"""``python -m tests.gpu``: digest, differences to cpu and speed of the gpu device, in 4 minutes.

For a machine with a CUDA GPU; without one exit code 4, and nothing is measured. On numba's
simulator (NUMBA_ENABLE_CUDASIM=1) it tries the short digest and small draws, and measures nothing.
"""

import json
import os
import sys
from itertools import product

import numpy as np

import consilience as cs
from consilience.devices.device import Device
from consilience.monitor.steps import AgentSteps, StepSettings
from consilience_hw.spec.monitor_format import MonitorMode, Policy
from consilience_sim.reference.vectors import (
    FULL_DIGEST,
    SHORT,
    SHORT_DIGEST,
    results_digest,
    vector_set,
)
from tests.gpu.speed import measured

__all__ = ["differences", "digest_agrees"]

LENGTHS = ((1, 7), (5, 255), (3, 256), (2, 257), (1, 40_000))
"""Segments and codes of each: at the borders of the kernels, and of two pieces."""


def digest_agrees(device: Device, packets: int | None = None) -> bool:
    """Return whether the pinned digest comes out: of all packets, or of the first `SHORT`."""
    codes, offsets = vector_set()
    if packets is not None:
        offsets = offsets[: packets + 1]
        codes = codes[: offsets[-1]]
    found = device.reduce_with_status(codes, offsets)
    wanted = FULL_DIGEST if packets is None else SHORT_DIGEST
    return results_digest(found.codes, found.status) == wanted


def differences(device: Device, seed: int, largest: int = 40_000) -> list[str]:
    """Return what differs from cpu in drawn calls, in words; none is asked for."""
    draw = np.random.default_rng(seed)
    wrong = []
    with cs.open("cpu") as cpu:
        for segments, length in LENGTHS:
            if length > largest:
                continue
            scale = 2.0 ** draw.integers(2, 32)
            codes = np.rint(draw.normal(size=segments * length) * scale)
            codes = codes.clip(-(2**31), 2**31 - 1).astype(np.int32)
            codes[draw.random(len(codes)) < 0.02] = -(2**31)
            offsets = length * np.arange(segments + 1)
            found, wanted = (one.reduce_with_status(codes, offsets) for one in (device, cpu))
            if not all(map(np.array_equal, found, wanted)):
                wrong.append(f"reduce of {segments} x {length}, seed {seed}")
            one = np.append(codes[:500], np.int32(2**31 - 1))
            for some in (codes[:500], one):  # also where one code holds up the window
                if not np.array_equal(device.leave_one_out(some), cpu.leave_one_out(some)):
                    wrong.append(f"leave-one-out of {len(some)}, seed {seed}")
        evidence = np.rint(draw.normal(size=(200, 4)) * 2**20).astype(np.int32)
        agents, prior = draw.integers(0, 40, 200), np.full(4, -(2 << 16), np.int32)
        both = [one.posterior(evidence, agents, prior) for one in (device, cpu)]
        if not all(map(np.array_equal, *both)):
            wrong.append(f"posterior, seed {seed}")
        wrong += _monitors_that_differ(device, cpu, draw, seed)
    return wrong


def _monitors_that_differ(
    device: Device, cpu: Device, draw: np.random.Generator, seed: int
) -> list[str]:
    wrong = []
    for mode, policy, commit in product(MonitorMode, (Policy.LATCH, Policy.RENEW), (True, False)):
        agents, bets = 20, int(draw.integers(1, 17))
        offsets = np.concatenate([[0], np.cumsum(draw.integers(1, 6, agents))])
        scale = 2.0 ** draw.integers(12, 31)
        increments = np.rint(draw.normal(size=(offsets[-1], bets)) * scale)
        increments = increments.clip(-(2**31), 2**31 - 1).astype(np.int32)
        components = np.rint(draw.normal(size=(agents, bets)) * 2**20).astype(np.int32)
        components[draw.random(components.shape) < 0.2] = -(2**31)
        steps = AgentSteps(
            components,
            draw.integers(0, 2**20, agents, dtype=np.uint32),
            draw.integers(0, 4, agents, dtype=np.uint32),
            offsets,
            increments,
        )
        weights = (-(bets.bit_length() << 16),) * bets
        settings = StepSettings(mode, policy, 10 << 16, weights, commit)
        found, wanted = (one.monitor_steps(settings, steps) for one in (device, cpu))
        if not all(map(np.array_equal, found, wanted)):
            wrong.append(f"monitor {mode.name} {policy.name} commit {commit}, seed {seed}")
    return wrong


def main() -> int:
    """Run it all; print one JSON object."""
    simulated = os.environ.get("NUMBA_ENABLE_CUDASIM") == "1"
    try:
        device = cs.open("gpu")
    except cs.errors.NoDevice as error:
        print(f"NOT RUN: {error}", file=sys.stderr)
        return error.exit_code
    with device:
        found = {"card": device.info.board}
        found["digest"] = digest_agrees(device, SHORT if simulated else None)
        seeds = range(1) if simulated else range(200)
        found["differences"] = [one for seed in seeds for one in differences(device, seed)]
        if not simulated:
            sizes = ((10_000_000, 1), (100_000_000, 1), (100_000_000, 1_000_000))
            found["speed"] = [measured(device, *size)._asdict() for size in sizes]
    print(json.dumps(found, indent=1))
    return int(not found["digest"] or bool(found["differences"]))


if __name__ == "__main__":
    sys.exit(main())
