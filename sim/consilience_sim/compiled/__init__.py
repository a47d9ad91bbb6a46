"""The gateware as a compiled, cycle-accurate simulation; needs a C++ compiler, once."""

from .build_step import BuildFailed
from .compiler import CompilerMissing
from .engine_simulation import EngineSimulation

__all__ = ["BuildFailed", "CompilerMissing", "EngineSimulation"]
