"""The gateware as a compiled, cycle-accurate simulation; needs a C++ compiler, once."""

from consilience_sim.compiled.build_step import BuildFailed
from consilience_sim.compiled.compiler import CompilerMissing
from consilience_sim.compiled.engine_simulation import EngineSimulation
from consilience_sim.compiled.live_simulation import LIVE_CODES, LiveReadings, LiveSimulation
from consilience_sim.compiled.log_sum_exp_simulation import log_sum_exp_simulation, log_sums_of
from consilience_sim.compiled.stream_simulation import StreamSimulation

__all__ = [
    "LIVE_CODES",
    "BuildFailed",
    "CompilerMissing",
    "EngineSimulation",
    "LiveReadings",
    "LiveSimulation",
    "StreamSimulation",
    "log_sum_exp_simulation",
    "log_sums_of",
]
