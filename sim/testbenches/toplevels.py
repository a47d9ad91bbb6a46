"""The designs that the testbenches test, by name, and what their tests are told of them."""

from dataclasses import asdict
from typing import Any, NamedTuple

from consilience_hw.engine.engine import Engine
from consilience_hw.log_sum_exp.log_sum_exp import LogSumExp
from consilience_hw.spec.engine_config import EngineConfig

__all__ = ["TOPLEVELS", "Toplevel", "toplevel"]

_ENGINE_PLUSARGS = ("lanes", "hypotheses", "weights", "credits", "largest_payload")
"""Fields of `EngineConfig` that a run of the engine's tests is told."""


class Toplevel(NamedTuple):
    """A design with streams ``i`` and ``o``, and its tests.

    Parameters
    ----------
    name : str
        Of its build.
    component : Component
        What is exported as Verilog.
    module : str
        Of this folder: its cocotb tests.
    plusargs : dict
        What they read of ``cocotb.plusargs``.
    """

    name: str
    component: Any
    module: str
    plusargs: dict[str, object]


def _log_sum_exp(lanes: int = 1) -> Toplevel:
    unit = LogSumExp(lanes=lanes)
    return Toplevel(f"log_sum_exp_{lanes}", unit, "tb_log_sum_exp", {"lanes": lanes})


def _engine(lanes: int = 1) -> Toplevel:
    """Return the engine: small with one lane, as boards hold it; with more, the default one."""
    small = EngineConfig(lanes=1, hypotheses=3, weights=False, credits=2, largest_payload=256)
    config = small if lanes == 1 else EngineConfig(lanes=lanes)
    plusargs = {name: value for name, value in asdict(config).items() if name in _ENGINE_PLUSARGS}
    return Toplevel(f"engine_{lanes}", Engine(config), "tb_engine", plusargs)


TOPLEVELS = {"log_sum_exp": _log_sum_exp, "engine": _engine}


def toplevel(name: str, lanes: int = 1) -> Toplevel:
    """Return a design by its name in `TOPLEVELS`, with so many lanes."""
    return TOPLEVELS[name](lanes)
