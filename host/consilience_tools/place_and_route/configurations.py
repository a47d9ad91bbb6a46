"""The placed and routed configurations, by name."""

from dataclasses import dataclass, replace
from typing import Any

from consilience.errors import BadInput
from consilience_hw.benches.engine_bench import EngineBench
from consilience_hw.benches.live_bench import LiveBench
from consilience_hw.benches.monitor_bench import MonitorBench
from consilience_hw.benches.observation_timing import (
    ROUTED_AGENTS,
    ROUTED_SETUP,
    ObservationTiming,
)
from consilience_hw.benches.serial_bench import SerialBench
from consilience_hw.benches.wide_bench import WideBench
from consilience_hw.engine.engine import Engine
from consilience_hw.link.session import Session
from consilience_hw.live.live_log_sum import LiveLogSum
from consilience_hw.log_sum_exp.log_sum_exp import LogSumExp
from consilience_hw.log_sum_exp.serial_log_sum_exp import SerialLogSumExp
from consilience_hw.monitor.monitor import Monitor
from consilience_hw.observations.observation_device import ObservationDevice
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import LARGEST_PAYLOAD
from consilience_hw.spec.network import NetworkAddress
from consilience_tools.place_and_route.targets import (
    ECP5_85F_6,
    ECP5_85F_8,
    GOWIN_GW1NR9C,
    ICE40_HX8K,
    ICE40_UP5K,
    Target,
)

__all__ = [
    "ENGINE",
    "LIVE",
    "MONITOR",
    "OBSERVATIONS",
    "PUBLISHED",
    "Configuration",
    "configuration",
]

LIVE = "ecp5-85f-8-live-x1"
"""The live unit on the part that holds it."""


MONITOR = "ecp5-85f-8-monitor-k4"
"""The monitor of 16,384 agents and 4 components on the part that holds it."""

ENGINE = "ecp5-85f-8-engine"
"""The engine for a network, behind its link: a byte a cycle at 125 MHz is 1 Gb/s."""


OBSERVATIONS = "ecp5-85f-8-observations"
"""The monitor of 16,384 agents and 2 components behind its network."""


@dataclass(frozen=True)
class Configuration:
    """A number of lanes on a part.

    Parameters
    ----------
    name : str
    target : Target
    lanes : int
        W of the unit.
    seeds : tuple of int
        Seeds of nextpnr's random choices; each is a run.
    small : bool
        The unit is the `SerialLogSumExp`, otherwise the `LogSumExp`.
    live : bool
        The unit is the `LiveLogSum`, of one lane.
    components : int
        The unit is the `Monitor` of so many components, of one lane; 0: it is not.
    engine : EngineConfig or None
        The unit is the `Engine`.
    observations : bool
        The unit is the `ObservationDevice`. It has three clocks, and the figure is the monitor's.
    """

    name: str
    target: Target
    lanes: int
    seeds: tuple[int, ...] = (1,)
    small: bool = False
    live: bool = False
    components: int = 0
    engine: EngineConfig | None = None
    observations: bool = False

    @property
    def clock(self) -> str | None:
        """The clock whose frequency counts; None: the slowest."""
        return "clk" if self.observations else None

    @property
    def unit(self) -> Any:
        """A new unit."""
        if self.observations:
            return ObservationDevice(ROUTED_SETUP, ROUTED_AGENTS, NetworkAddress())
        if self.engine is not None:
            return Engine(self.engine)
        if self.components:
            return Monitor(self.components)
        if self.live:
            return LiveLogSum()
        return (SerialLogSumExp if self.small else LogSumExp)(lanes=self.lanes)

    @property
    def unit_name(self) -> str:
        """The unit's class."""
        if self.observations:
            return "ObservationDevice"
        if self.engine is not None:
            return "Engine"
        if self.components:
            return "Monitor"
        return "LiveLogSum" if self.live else "SerialLogSumExp" if self.small else "LogSumExp"

    @property
    def bench_class(self) -> type[Any]:
        """The class of `bench`."""
        if self.observations:
            return ObservationTiming
        if self.engine is not None:
            return EngineBench
        if self.components:
            return MonitorBench
        if self.live:
            return LiveBench
        return SerialBench if self.small else WideBench

    @property
    def bench(self) -> Any:
        """A new unit in a bench whose only pins are clocks, resets and one output."""
        if self.observations:
            return self.bench_class(ROUTED_SETUP, ROUTED_AGENTS, NetworkAddress())
        if self.live:
            return self.bench_class()
        return self.bench_class(self.engine or self.components or self.lanes)

    @property
    def codes_per_cycle(self) -> float:
        """One a lane; the engine takes the four bytes of a code in four cycles."""
        return self.lanes if self.engine is None else 1 / 4

    def latency_of(self, unit: Any) -> int:
        """Cycles from a packet's last beat to its result; of the engine, of a request without data.

        The words of a request, and the job's latency, come on top (`Session`).
        """
        return Session.overhead if self.engine is not None else int(unit.latency)


def _spread(target: Target) -> Target:
    """Return the target with nextpnr's placer of densities in place of the default one.

    Where a unit fills the part, with 64 lanes or 16,384 agents, the default one leaves a few short
    paths with wires across it: seed 1 had 166 and 123 MHz where this one had 195 and 144, of the
    same netlists.
    """
    return replace(target, options=(*target.options, "--placer", "static"))


PUBLISHED = (
    Configuration("ecp5-85f-8-x8", ECP5_85F_8, 8),
    Configuration("ecp5-85f-8-x16", ECP5_85F_8, 16),
    Configuration("ecp5-85f-8-x32", ECP5_85F_8, 32),
    Configuration("ecp5-85f-8-x64", _spread(ECP5_85F_8), 64, seeds=(1, 2, 3)),
    Configuration(LIVE, ECP5_85F_8, 1, live=True),
    Configuration(MONITOR, ECP5_85F_8, 1, seeds=(1, 2, 3), components=4),
    Configuration(
        ENGINE,
        replace(ECP5_85F_8, required_mhz=125.0),
        1,
        engine=EngineConfig(credits=32, largest_payload=LARGEST_PAYLOAD),
    ),
    Configuration(
        OBSERVATIONS, replace(_spread(ECP5_85F_8), required_mhz=125.0), 1, observations=True
    ),
    Configuration("ecp5-85f-6-x8", ECP5_85F_6, 8),
    Configuration("ecp5-85f-6-x16", ECP5_85F_6, 16),
    Configuration("ecp5-85f-6-x32", ECP5_85F_6, 32),
    Configuration("ecp5-85f-6-x64", _spread(ECP5_85F_6), 64),
    Configuration("ice40-up5k-x1", ICE40_UP5K, 1, small=True),
    Configuration("ice40-hx8k-x1", ICE40_HX8K, 1, small=True),
    # The first seeds with which nextpnr 0.11 finds no violated hold times, at address pins that a
    # block RAM with one port does not have: https://github.com/YosysHQ/nextpnr/issues/1803.
    Configuration("gowin-gw1nr9c-x1", GOWIN_GW1NR9C, 1, seeds=(2,), small=True),
    Configuration("gowin-gw1nr9c-x2", GOWIN_GW1NR9C, 2, seeds=(3,), small=True),
)
"""The table of docs/timing.md, in its order."""


def configuration(name: str) -> Configuration:
    """Return a published configuration.

    Raises
    ------
    BadInput
        None has that name; the message lists those there are.
    """
    for known in PUBLISHED:
        if known.name == name:
            return known
    names = ", ".join(known.name for known in PUBLISHED)
    raise BadInput(f"no configuration {name!r}; there are {names}")
