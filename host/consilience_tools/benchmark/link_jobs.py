"""The simulated device: `reduce`, segments and posteriors through the bytes of its link."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from consilience.devices.cpu import CpuDevice
from consilience.devices.device import Device
from consilience.devices.link_device import LinkDevice
from consilience.devices.sim import SimTransport
from consilience.link.session import LinkSession
from consilience.numbers.convert import to_codes
from consilience_tools.benchmark.contest import repeated
from consilience_tools.benchmark.cpu_rows import SEGMENTS, evidence_of
from consilience_tools.benchmark.data_sets import DATA_SETS
from consilience_tools.benchmark.job import SEED, Job, refuse_mismatch
from consilience_tools.benchmark.plan import Plan
from consilience_tools.benchmark.stage import Report, Stage

__all__ = ["ENGINE", "REDUCE_ALL", "jobs_through_the_link"]

ENGINE = "sim device, byte link"
REDUCE_ALL = "reduce, 1 segment"


def jobs_through_the_link(
    transport: SimTransport, cpu: CpuDevice, plan: Plan, report: Report
) -> list[Job]:
    """Run all jobs of the link and compare their results.

    Raises
    ------
    Mismatch
        A result is not that of the cpu device.
    """
    stage = Stage(report, "sim: through the link", 1 + len(SEGMENTS) + len(plan.hypotheses))
    rng = np.random.default_rng(SEED)
    codes = to_codes(DATA_SETS["normal"].draw(rng, plan.sim_codes))
    some = codes[: plan.sim_segment_codes]
    jobs: list[Job] = []

    with LinkDevice.over(LinkSession(transport, "sim")) as device:
        # The first frames and what NumPy imports late are nobody's time.
        device.reduce(some[:100])

        def run(
            title: str,
            unit: str,
            elements: int,
            action: Callable[[], NDArray[np.int32]],
            expected: NDArray[np.int32],
        ) -> None:
            stage.step(len(jobs))
            found: list[NDArray[np.int32]] = []
            before = transport.simulation.cycles
            timing = repeated(lambda: found.append(action()), elements, plan.sim_runs)
            cycles = round((transport.simulation.cycles - before) / plan.sim_runs)
            jobs.append(Job(ENGINE, title, unit, elements, None, cycles, timing))
            refuse_mismatch(jobs[-1], found[-1], expected)

        run(REDUCE_ALL, "code", len(codes), partial(device.reduce, codes), cpu.reduce(codes))
        for title, lengths in SEGMENTS.items():
            offsets = lengths(rng, len(some))
            run(
                f"reduce, {len(offsets) - 1:,} segments of {title}",
                "code",
                len(some),
                partial(device.reduce, some, offsets),
                cpu.reduce(some, offsets),
            )
        for hypotheses in plan.hypotheses:
            rows = evidence_of(plan.sim_agents, hypotheses)
            run(
                f"posterior, H = {hypotheses}",
                "agent",
                plan.sim_agents,
                partial(_posterior_codes, device, *rows),
                _posterior_codes(cpu, *rows),
            )
    stage.finish()
    return jobs


def _posterior_codes(
    device: Device,
    evidence: NDArray[np.int32],
    agent: NDArray[np.int64],
    prior: NDArray[np.int32],
) -> NDArray[np.int32]:
    return device.posterior(evidence, agent, prior).posterior
