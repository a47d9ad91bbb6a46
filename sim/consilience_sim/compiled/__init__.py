"""The gateware as a compiled, cycle-accurate simulation; needs a C++ compiler, once."""

from .build_step import BuildFailed
from .compiler import CompilerMissing
from .engine_simulation import EngineSimulation
from .live_simulation import LIVE_CODES, LiveReadings, LiveSimulation
from .log_sum_exp_simulation import log_sum_exp_simulation, log_sums_of
from .stream_simulation import StreamSimulation

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
