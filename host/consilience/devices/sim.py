"""The simulated device: the gateware, cycle by cycle, behind the bytes of the link."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import ClassVar

from consilience.devices.device import DeviceInfo
from consilience.devices.link_device import LinkDevice
from consilience.errors import BadInput, ConsilienceError, NoDevice, ToolMissing
from consilience.link.transport import Transport, TransportClosed
from consilience.live.sim_unit import SimLiveUnit, simulated_leave_one_out
from consilience.live.unit import LiveUnit
from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import MonitorSettings
from consilience.monitor.sim_steps import SimSteps
from consilience.monitor.steps import AgentSteps, Stepped, StepSettings
from consilience.numbers.arrays import Codes, CodesAndStatus
from consilience.robust.robust_histogram import RobustResult
from consilience.turns import in_turn
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import Feature
from consilience_hw.spec.monitor_format import MAX_COMPONENTS
from consilience_hw.spec.number_formats import CLIP_BIN, Decision
from consilience_sim.cache import CacheUnusable
from consilience_sim.compiled import (
    BuildFailed,
    CompilerMissing,
    EngineSimulation,
    StreamSimulation,
)
from consilience_sim.compiled.robust_simulation import robust_beats, robust_simulation, scan_of

__all__ = ["SimDevice", "SimTransport", "build_errors_told", "simulation_transport"]

_BESIDE = Feature.MONITOR | Feature.LIVE | Feature.ROBUST
"""What runs beside the engine."""

_REPLY_CYCLES = 200_000
"""A request and its reply take some 10,000 cycles at most; this is idle time after a lost one."""


class SimTransport(Transport):
    """Bytes to and from an `EngineSimulation`; its clock is the engine's own, so it is virtual.

    The engine runs while `receive` waits, and stands still otherwise.

    Parameters
    ----------
    simulation : EngineSimulation
        Owned: `close` closes it.
    """

    def __init__(self, simulation: EngineSimulation) -> None:
        self.simulation = simulation
        self._clock_hz = simulation.config.clock_hz
        self.reply_timeout = _REPLY_CYCLES / self._clock_hz

    @property
    def counters(self) -> dict[str, int]:
        """Cycles of the engine since the start."""
        return {"cycles": self.simulation.cycles}

    def send(self, data: bytes) -> None:
        """Queue bytes for the engine."""
        try:
            self.simulation.send(data)
        except ValueError as error:
            raise TransportClosed("the simulation is closed") from error

    def receive(self, timeout: float) -> bytes:
        """Run the engine until a frame has left it, or `timeout` seconds of its clock are over."""
        try:
            return self.simulation.receive(max(1, round(timeout * self._clock_hz)))
        except ValueError as error:
            raise TransportClosed("the simulation is closed") from error

    def now(self) -> float:
        """Return the seconds of the engine's clock since the start."""
        return self.simulation.cycles / self._clock_hz

    def close(self) -> None:
        """End the simulation; waves are complete from then on, or ConsilienceError says why not."""
        try:
            self.simulation.close()
        except OSError as error:
            raise ConsilienceError(
                f"waveforms are not complete ({error.strerror or error}); choose another file for "
                "the waves"
            ) from error


@contextmanager
def build_errors_told() -> Iterator[None]:
    """Raise what a build in the ``with`` statement fails with as an error that has an exit code.

    Raises
    ------
    ToolMissing
        No C++ compiler.
    ConsilienceError
        The compiler, or Yosys, failed; or the cache folder cannot be used.
    """
    try:
        yield
    except CompilerMissing as error:
        raise ToolMissing(str(error)) from error
    except (BuildFailed, CacheUnusable) as error:
        raise ConsilienceError(str(error)) from error


def simulation_transport(config: EngineConfig, waves: Path | None = None) -> SimTransport:
    """Compile the gateware, unless that was done before, and return a link to it.

    Parameters
    ----------
    config : EngineConfig
        What to build.
    waves : Path, optional
        Record waveforms to this VCD file.

    Raises
    ------
    BadInput
        The waveform file cannot be written.
    ToolMissing, ConsilienceError
        See `build_errors_told`.
    """
    try:
        with build_errors_told():
            return SimTransport(EngineSimulation(config, entropy=secrets.randbits(32), waves=waves))
    except OSError as error:
        if waves is None:
            raise
        raise BadInput(
            f"{waves}: cannot be written ({error.strerror or error}); choose another file for the "
            "waves"
        ) from error


class SimDevice(LinkDevice):
    """The simulated engine behind its link, and beside it the units that it has not in it.

    `LiveUpdates`, `RobustHistogram` and `Monitor` each run on a simulation of that unit alone,
    unless the engine was asked for with them: then they are behind its link.
    """

    _histogram: StreamSimulation | None = None
    _monitors: dict[int, SimSteps] | None = None
    _is_open = True
    _turns: ClassVar = RLock()  # of all: held while a unit is begun

    def sums_of_others(self, codes: Codes) -> CodesAndStatus:
        """Return code and status of all codes but number i: two passes, 4 cycles per code."""
        self._refuse_closed()
        if self._has(Feature.LIVE):
            return super().sums_of_others(codes)
        with build_errors_told():
            return simulated_leave_one_out(codes)

    @property
    def info(self) -> DeviceInfo:
        """Identity of the engine, with the units beside it."""
        identity = self._session.identity
        return replace(
            super().info,
            components=identity.components or MAX_COMPONENTS,
            features=(identity.features | _BESIDE).names,
        )

    def live_unit(self) -> LiveUnit:
        """Return an empty unit in simulated gateware."""
        self._refuse_closed()
        if self._has(Feature.LIVE):
            return super().live_unit()
        with build_errors_told():
            return SimLiveUnit()

    def robust_scan(
        self, ratios: Codes, faulty: int, clip: int, threshold: int
    ) -> RobustResult[int]:
        """Return the result of one pair; the first time the unit is compiled."""
        if self._has(Feature.ROBUST):
            return super().robust_scan(ratios, faulty, clip, threshold)
        unit = clip // CLIP_BIN
        beats = robust_beats(ratios, unit)
        found, _ = scan_of(self._scanner(), beats, unit, faulty, threshold)
        return RobustResult(*found[:4], unit, Decision(found.above - found.below))

    def new_monitor(self, settings: MonitorSettings) -> Monitor:
        """Return a monitor in simulated gateware; the first of so many components compiles it."""
        if self._has(Feature.MONITOR):
            return super().new_monitor(settings)
        monitor = Monitor(settings, self.monitor_steps)
        self._monitor_of(len(settings.weights))
        return monitor

    def monitor_steps(self, settings: StepSettings, agents: AgentSteps) -> Stepped:
        """Return what follows from observations."""
        if self._has(Feature.MONITOR):
            return super().monitor_steps(settings, agents)
        return self._monitor_of(len(settings.weights))(settings, agents)

    def close(self) -> None:
        """End all simulations."""
        self._is_open = False
        if self._histogram is not None:
            self._histogram.close()
        for unit in (self._monitors or {}).values():
            unit.close()
        super().close()

    @in_turn
    def _scanner(self) -> StreamSimulation:
        self._refuse_closed()
        if self._histogram is None:
            with build_errors_told():
                self._histogram = robust_simulation()
        return self._histogram

    @in_turn
    def _monitor_of(self, components: int) -> SimSteps:
        self._refuse_closed()
        if self._monitors is None:
            self._monitors = {}
        if components not in self._monitors:
            with build_errors_told():
                self._monitors[components] = SimSteps(components)
        return self._monitors[components]

    def _has(self, feature: Feature) -> bool:
        """Return whether the engine has a unit: then it is asked over its link."""
        return feature in self._session.identity.features

    def _refuse_closed(self) -> None:
        if not self._is_open:
            raise NoDevice(f"{self.url}: this device is closed; open another")
