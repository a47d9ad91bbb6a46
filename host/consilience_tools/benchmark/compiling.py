"""What is compiled before anything is timed: simulations, and the kernels of the cpu device."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np

from consilience.devices.cpu import CpuDevice
from consilience.devices.sim import SimTransport, simulation_transport
from consilience.devices.simulation_builds import build_errors_told
from consilience.numbers.convert import to_codes
from consilience_hw.spec.engine_config import EngineConfig
from consilience_sim.compiled import StreamSimulation, log_sum_exp_simulation
from consilience_tools.benchmark.stage import Report, Stage

__all__ = ["Simulations", "compiled"]


@dataclass(frozen=True)
class Simulations:
    """The engine behind its link, and by lanes `LogSumExp` on its word-wide stream."""

    transport: SimTransport
    streams: Mapping[int, StreamSimulation]


@contextmanager
def compiled(lanes: tuple[int, ...], report: Report) -> Iterator[Simulations]:
    """Give the simulations, for the time of a ``with`` statement.

    What is not in the cache is compiled: 14 s for the engine, 4 s for 1 lane, 60 s for 64, and 6 s
    for the kernels of the cpu device.

    Parameters
    ----------
    lanes : tuple of int
        Of each `LogSumExp`.
    report : Report

    Raises
    ------
    ToolMissing
        No C++ compiler.
    ConsilienceError
        The compiler failed.
    """
    widths = ", ".join(map(str, lanes))
    stage = Stage(report, f"compiling kernels, the engine and {widths} lanes", 2 + len(lanes))
    with ExitStack() as opened:
        stage.step(0)
        with CpuDevice() as cpu:
            cpu.reduce(to_codes([-1.0, -2.0]))
            # Ids that do not ascend: grouping rows is compiled, too.
            cpu.posterior(np.zeros((2, 2), np.int32), [1, 0], [0, 0])
        stage.step(1)
        transport = simulation_transport(EngineConfig())
        opened.callback(transport.close)
        streams = {}
        with build_errors_told():
            for number, width in enumerate(lanes):
                stage.step(number + 2)
                streams[width] = opened.enter_context(log_sum_exp_simulation(width))
        stage.finish()
        yield Simulations(transport, streams)
