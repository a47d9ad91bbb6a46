"""Jobs of the simulated gateware, through its link and on word-wide streams: cycles and seconds."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from consilience.devices.cpu import CpuDevice
from consilience.devices.device import Device
from consilience.devices.link_device import LinkDevice
from consilience.devices.sim import SimTransport, build_errors_told, simulation_transport
from consilience.errors import Mismatch
from consilience.link.session import LinkSession
from consilience.numbers.arrays import Codes, Offsets
from consilience.numbers.convert import to_codes
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.flags import ResultStatus
from consilience_sim import golden
from consilience_sim.compiled import StreamSimulation, log_sum_exp_simulation
from consilience_sim.compiled.log_sum_exp_simulation import packed_beats
from consilience_tools.benchmark.plan import Plan, Report, staged
from consilience_tools.benchmark.timing import Timing, repeated
from consilience_tools.benchmark.workload import DATA_SETS, SEGMENTS, evidence_of

__all__ = ["Job", "compiled", "jobs_through_streams", "jobs_through_the_link", "stream_results"]

REDUCE_ALL = "reduce, 1 segment"
_SEED = 4
"""Seed of the codes, the same for the link and the streams."""

_Task = tuple[str, str, int, Callable[[Device], Codes]]
"""Title, unit, elements, and the job itself."""


@dataclass(frozen=True)
class Simulations:
    """The engine behind its link, and by lanes `LogSumExp` on its word-wide stream."""

    transport: SimTransport
    streams: Mapping[int, StreamSimulation]


@dataclass(frozen=True)
class Job:
    """One job of one engine.

    Parameters
    ----------
    engine, title : str
        The engine, and its job.
    unit : str
        An element: "code" or "agent".
    elements : int
    beats : int or None
        Beats of the word-wide stream; None for bytes over the link.
    cycles : int
        Clock cycles of the gateware from the first byte or beat offered to the last result taken:
        the same on every machine.
    timing : Timing
        Seconds on this machine: the simulator's speed, not the gateware's.
    """

    engine: str
    title: str
    unit: str
    elements: int
    beats: int | None
    cycles: int
    timing: Timing

    @property
    def cycles_per_element(self) -> float:
        """Cycles per code or agent."""
        return self.cycles / self.elements


def refuse_mismatch(job: Job, found: Codes, expected: Codes) -> None:
    """Raise Mismatch if a result differs from the cpu device's."""
    wrong = int(np.count_nonzero(found != expected))
    if wrong:
        raise Mismatch(
            f"{job.engine}, {job.title}: {wrong} of {expected.size} codes are not those of the cpu "
            "device; report it with the output of `consilience status`"
        )


@contextmanager
def compiled(lanes: tuple[int, ...], report: Report) -> Iterator[Simulations]:
    """Give the simulations for the time of a ``with`` statement; compile the cpu's kernels, too.

    From an empty cache that takes 14 s for the engine, 4 s for 1 lane, 60 s for 64, and 6 s for the
    kernels.

    Raises
    ------
    ToolMissing
        No C++ compiler.
    ConsilienceError
        The compiler failed.
    """
    widths = ", ".join(map(str, lanes))
    stage = f"compiling kernels, the engine and {widths} lanes"
    steps = staged(report, stage, range(2 + len(lanes)))
    with ExitStack() as opened:
        next(steps)
        with CpuDevice() as cpu:
            cpu.reduce(to_codes([-1.0, -2.0]))
            # These ids do not ascend, so that the grouping of rows is compiled as well.
            cpu.posterior(np.zeros((2, 2), np.int32), [1, 0], [0, 0])
        next(steps)
        transport = opened.enter_context(simulation_transport(EngineConfig()))
        streams = {}
        with build_errors_told():
            for width in lanes:
                next(steps)
                streams[width] = opened.enter_context(log_sum_exp_simulation(width))
        next(steps, None)
        yield Simulations(transport, streams)


def jobs_through_the_link(
    transport: SimTransport, cpu: CpuDevice, plan: Plan, report: Report
) -> list[Job]:
    """Run `reduce`, segments and posteriors through the bytes of the link; compare the results.

    Raises
    ------
    Mismatch
        A result differs from the cpu device's.
    """
    jobs = []
    with LinkDevice.over(LinkSession(transport, "sim")) as device:
        # Keeps the first frames, and NumPy's late imports, out of all times.
        device.reduce(_drawn(plan)[0][:100])
        for task, _ in staged(report, "sim: through the link", _link_tasks(plan)):
            title, unit, elements, action = task
            before = transport.simulation.cycles
            timing, found = repeated(partial(action, device), elements, plan.sim_runs)
            cycles = round((transport.simulation.cycles - before) / plan.sim_runs)
            job = Job("sim device, byte link", title, unit, elements, None, cycles, timing)
            refuse_mismatch(job, found, action(cpu))
            jobs.append(job)
    return jobs


def _link_tasks(plan: Plan) -> list[_Task]:
    codes, rng = _drawn(plan)
    some = codes[: plan.sim_segment_codes]
    tasks: list[_Task] = [(REDUCE_ALL, "code", len(codes), partial(_reduced, codes, None))]
    for kind, lengths in SEGMENTS.items():
        offsets = lengths(rng, len(some))
        title = f"reduce, {len(offsets) - 1:,} segments of {kind}"
        tasks.append((title, "code", len(some), partial(_reduced, some, offsets)))
    for hypotheses in plan.hypotheses:
        rows = evidence_of(plan.sim_agents, hypotheses)
        title = f"posterior, H = {hypotheses}"
        tasks.append((title, "agent", plan.sim_agents, partial(_posterior_codes, rows)))
    return tasks


def _drawn(plan: Plan) -> tuple[Codes, np.random.Generator]:
    """Return the codes, the same for the link and the streams, and their generator."""
    rng = np.random.default_rng(_SEED)
    return to_codes(DATA_SETS["normal"].draw(rng, plan.sim_codes)), rng


def _reduced(codes: Codes, offsets: Offsets | None, device: Device) -> Codes:
    return device.reduce(codes, offsets)


def _posterior_codes(rows: tuple[Codes, NDArray[np.int64], Codes], device: Device) -> Codes:
    return device.posterior(*rows).posterior


def jobs_through_streams(
    streams: Mapping[int, StreamSimulation], cpu: CpuDevice, plan: Plan, report: Report
) -> list[Job]:
    """Run the codes of the link's `reduce` through every stream; compare the results.

    Raises
    ------
    Mismatch
        A result differs from the cpu device's.
    """
    codes, _ = _drawn(plan)
    count = len(codes)
    packets = [
        (lanes, title, offsets)
        for lanes in streams
        for title, offsets in (
            ("1 packet", np.array([0, count])),
            ("packets of 1 beat", np.append(np.arange(0, count, lanes), count)),
        )
    ]
    jobs = []
    for (lanes, title, offsets), _ in staged(report, "sim: word-wide streams", packets):
        beats = packed_beats(lanes, codes, offsets)
        limit = 2 * len(beats) + 10_000
        run = partial(streams[lanes].run, beats, len(offsets) - 1, max_cycles=limit)
        timing, (outputs, _, produced) = repeated(run, count, plan.sim_runs)
        engine = f"LogSumExp, {lanes} lane{'s' if lanes > 1 else ''}"
        job = Job(engine, title, "code", count, len(beats), int(produced[-1]) + 1, timing)
        found, status = stream_results(outputs)
        expected = cpu.reduce(codes, offsets)
        # Next to a border the unit may give the neighbour, between which its driver decides.
        for place in np.flatnonzero(status & int(ResultStatus.HARD_TO_ROUND)):
            packet = codes[offsets[place] : offsets[place + 1]].tolist()
            if abs(int(found[place]) - int(expected[place])) == 1 and golden.hard_to_round(packet):
                found[place] = expected[place]
        refuse_mismatch(job, found, expected)
        jobs.append(job)
    return jobs


def stream_results(outputs: NDArray[np.uint8]) -> tuple[Codes, NDArray[np.uint8]]:
    """Return code and status of each result of a `LogSumExp`'s stream."""
    return np.ascontiguousarray(outputs[:, :4]).view("<i4")[:, 0], outputs[:, 4]
