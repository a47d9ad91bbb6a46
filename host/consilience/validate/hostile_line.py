"""A line between driver and device that spoils a share of all frames; its clock is virtual."""

import random
from typing import ClassVar

from consilience.devices.device import Device
from consilience.link.transport import Transport
from consilience.server.endpoint import SoftwareEndpoint
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import BoardId

__all__ = ["Hang", "HostileLine"]

_MOST_RECEIVES = 20_000
"""Of one call: more than all its timeouts and retries take."""
_SHARE = 0.08
"""Of the frames that are spoilt."""


class Hang(Exception):
    """A call goes on beyond all timeouts that it has."""


class HostileLine(Transport):
    """Carries frames to a device in software and back, and spoils some.

    Parameters
    ----------
    device : Device
        Does the work at the far end.
    choose : random.Random
        Of all that is random.

    Attributes
    ----------
    faults : int
        Frames that were spoilt so far.
    """

    KINDS: ClassVar = ("flip", "drop", "double", "insert", "cut", "lose", "delay", "reset")
    reply_timeout = 1.0

    def __init__(self, device: Device, choose: random.Random) -> None:
        config = EngineConfig(
            board=BoardId.CPU, clock_hz=1, hypotheses=3, credits=4, largest_payload=256
        )
        self._far = SoftwareEndpoint(device, config, lambda: choose.getrandbits(32))
        self._choose, self._spoiling = choose, False
        self._time, self._receives, self.faults = 0.0, 0, 0
        self._arriving: list[tuple[float, bytes]] = []

    def begin_call(self, *, spoiling: bool) -> None:
        """Begin a call with faults, or without any and with nothing under way."""
        self._spoiling, self._receives = spoiling, 0
        if not spoiling:
            self._far.receive(0)
            self._arriving.clear()

    def send(self, data: bytes) -> None:
        """Pass frames to the device."""
        for frame in data.split(b"\0")[:-1]:
            for _, spoilt in self._spoilt(frame + b"\0"):
                self._far.send(spoilt)
        for frame in self._far.receive(0).split(b"\0")[:-1]:
            for delay, spoilt in self._spoilt(frame + b"\0"):
                self._arriving.append((self._time + delay, spoilt))

    def receive(self, timeout: float) -> bytes:
        """Return what has arrived, or let time pass."""
        self._receives += 1
        if self._receives > _MOST_RECEIVES:
            raise Hang
        deadline = self._time + timeout
        first = min((due for due, _ in self._arriving), default=deadline)
        if first >= deadline and self._time < deadline:
            self._time = deadline
            return b""
        self._time = max(self._time, first)
        arrived = b"".join(data for due, data in self._arriving if due <= self._time)
        self._arriving = [one for one in self._arriving if one[0] > self._time]
        return arrived

    def now(self) -> float:
        """Return the virtual time in seconds."""
        return self._time

    def close(self) -> None:
        """End the device."""
        self._far.close()

    def _spoilt(self, frame: bytes) -> list[tuple[float, bytes]]:
        """Return what becomes of a frame: pieces, each with its delay in seconds."""
        choose = self._choose
        if not self._spoiling or choose.random() >= _SHARE:
            return [(0.0, frame)]
        self.faults += 1
        kind, place = choose.choice(self.KINDS), choose.randrange(len(frame))
        before, byte, after = frame[:place], frame[place : place + 1], frame[place + 1 :]
        if kind == "reset":
            self._far.reset()
        if kind in ("delay", "reset"):
            return [(choose.choice((0.3, 1.1, 4.0)) if kind == "delay" else 0.0, frame)]
        changed = {
            "flip": bytes([byte[0] ^ 1 << choose.randrange(8)]),
            "drop": b"",
            "double": byte + byte,
            "insert": bytes([choose.randrange(256)]) + byte,
        }
        if kind in changed:
            return [(0.0, before + changed[kind] + after)]
        return [(0.0, before)] if kind == "cut" else []
