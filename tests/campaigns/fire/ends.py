"""The device's end of a faulty line: bytes in, bytes out, a reset at any time."""

import random
from typing import Protocol

from consilience.devices.cpu import CpuDevice
from consilience.server.endpoint import SoftwareEndpoint
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import BoardId
from consilience_sim.compiled import EngineSimulation

__all__ = ["DeviceEnd", "GatewareEnd", "Owned", "SoftwareEnd"]

_PARAMETERS = {"hypotheses": 3, "credits": 4, "largest_payload": 256}
_QUIET_CYCLES = 1500
"""Beyond those between a request's last byte and its reply's first."""


class Owned(Protocol):
    """What a campaign does to a device beside calling it."""

    def reset(self) -> None:
        """Reset the device; what it was about to send is lost."""

    def close(self) -> None:
        """Let go of it."""


class DeviceEnd(Owned, Protocol):
    """What a faulty line needs of a device."""

    config: EngineConfig
    merges: bool
    """Whether a reply that waits to be sent is not queued once more."""
    ends_frames: bool
    """Whether what arrives at once ends with a zero, whatever it is."""

    def take(self, data: bytes) -> None:
        """Let bytes arrive."""

    def give(self) -> bytes:
        """Return what was sent since: whole frames. No time passes on the line."""


class SoftwareEnd:
    """The software endpoint with the cpu device, as `consilience serve` offers it."""

    config = EngineConfig(board=BoardId.CPU, clock_hz=1, **_PARAMETERS)
    merges = False
    ends_frames = False

    def __init__(self, choose: random.Random) -> None:
        self._endpoint = SoftwareEndpoint(CpuDevice(), self.config, lambda: choose.getrandbits(32))

    def take(self, data: bytes) -> None:
        self._endpoint.send(data)

    def give(self) -> bytes:
        return self._endpoint.receive(0)

    def reset(self) -> None:
        self._endpoint.reset()

    def close(self) -> None:
        self._endpoint.close()


class GatewareEnd:
    """The engine, simulated cycle by cycle. It has no timers: idle, it need not run."""

    config = EngineConfig(**_PARAMETERS)
    merges = True
    ends_frames = False

    def __init__(self, choose: random.Random) -> None:
        self._choose = choose
        self._simulation = EngineSimulation(self.config, entropy=choose.getrandbits(32))
        self._waiting = 0  # cycles that what has arrived may take to go in

    def take(self, data: bytes) -> None:
        self._simulation.send(data)
        self._waiting += len(data)

    def give(self) -> bytes:
        sent = b""
        while self._waiting:
            frame = self._simulation.receive(_QUIET_CYCLES + self._waiting)
            sent += frame
            if not frame:
                self._waiting = 0
        return sent

    def reset(self) -> None:
        self._simulation.reset(self._choose.getrandbits(32))
        self._waiting = 0

    def close(self) -> None:
        self._simulation.close()
