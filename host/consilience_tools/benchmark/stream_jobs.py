"""`LogSumExp` on its word-wide stream: the kernel's own cycles, no link between."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from consilience.devices.cpu import CpuDevice
from consilience.numbers.convert import to_codes
from consilience_hw.spec.flags import ResultStatus
from consilience_sim.compiled import StreamSimulation
from consilience_sim.compiled.log_sum_exp_simulation import packed_beats
from consilience_tools.benchmark.contest import repeated
from consilience_tools.benchmark.data_sets import DATA_SETS
from consilience_tools.benchmark.job import SEED, Job, refuse_mismatch
from consilience_tools.benchmark.plan import Plan
from consilience_tools.benchmark.stage import Report, Stage

__all__ = ["ONE_PACKET", "jobs_through_streams"]

ONE_PACKET = "1 packet"
_SHORT_PACKETS = "packets of 1 beat"


def jobs_through_streams(
    streams: Mapping[int, StreamSimulation], cpu: CpuDevice, plan: Plan, report: Report
) -> list[Job]:
    """Run the codes of the link's `reduce` through every stream, and compare the results.

    Raises
    ------
    Mismatch
        A result is not that of the cpu device.
    """
    stage = Stage(report, "sim: word-wide streams", 2 * len(streams))
    codes = to_codes(DATA_SETS["normal"].draw(np.random.default_rng(SEED), plan.sim_codes))
    jobs: list[Job] = []
    for lanes, stream in streams.items():
        beats = np.append(np.arange(0, len(codes), lanes), len(codes))
        for title, offsets in (
            (ONE_PACKET, np.array([0, len(codes)])),
            (_SHORT_PACKETS, beats),
        ):
            stage.step(len(jobs))
            jobs.append(_job(stream, lanes, title, codes, offsets, cpu, plan.sim_runs))
    stage.finish()
    return jobs


def _job(
    stream: StreamSimulation,
    lanes: int,
    title: str,
    codes: NDArray[np.int32],
    offsets: NDArray[np.int64],
    cpu: CpuDevice,
    runs: int,
) -> Job:
    beats = packed_beats(lanes, codes, offsets)

    outputs: list[NDArray[np.uint8]] = []
    last: list[int] = []

    def run() -> None:
        results, _, produced = stream.run(
            beats, len(offsets) - 1, max_cycles=2 * len(beats) + 10_000
        )
        outputs[:] = [results]
        last[:] = [int(produced[-1])]

    timing = repeated(run, len(codes), runs)
    width = "1 lane" if lanes == 1 else f"{lanes} lanes"
    job = Job(
        engine=f"LogSumExp, {width}",
        title=title,
        unit="code",
        elements=len(codes),
        beats=len(beats),
        cycles=last[0] + 1,
        timing=timing,
    )
    (results,) = outputs
    found = np.ascontiguousarray(results[:, :4]).view("<i4")[:, 0]
    # What is too near to a rounding border is the driver's to decide.
    decided = results[:, 4] & int(ResultStatus.HARD_TO_ROUND) == 0
    refuse_mismatch(job, found[decided], cpu.reduce(codes, offsets)[decided])
    return job
