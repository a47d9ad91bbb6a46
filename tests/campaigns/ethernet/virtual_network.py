"""Gigabit Ethernet between the real driver and the timed engine, in virtual time."""

import heapq
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from consilience.devices.udp import REPLY_TIMEOUT, RETRIES
from consilience.link.transport import Transport, TransportClosed
from tests.campaigns.ethernet.timed_engine import TimedEngine

__all__ = ["TRIP", "WIRE", "Troubles", "VirtualNetwork", "wire_bytes"]

WIRE = 125_000_000
"""Bytes a second."""
TRIP = 0.2e-3
"""Seconds there and back, without the time that the bytes themselves take."""

_HEADERS = 20 + 8
_FRAMING = 14 + 4 + 8 + 12
"""Addresses and type, frame check sequence, preamble, gap."""
_SMALLEST = 46


def wire_bytes(datagram: int) -> int:
    """Return the byte times that a UDP datagram of so many bytes takes on the wire."""
    return max(datagram + _HEADERS, _SMALLEST) + _FRAMING


@dataclass(frozen=True)
class Troubles:
    """Shares of the datagrams, in each direction, to which something happens.

    Parameters
    ----------
    lost, doubled : float
    late : float
        These come up to a round trip late: others overtake them.
    """

    lost: float = 0.0
    doubled: float = 0.0
    late: float = 0.0


class VirtualNetwork(Transport):
    """A wire each way, on which one datagram goes after the other.

    The host takes no time. Store and forward: what has arrived has arrived whole.

    Parameters
    ----------
    engine : TimedEngine
        Owned.
    troubles : Troubles
    seed : int
    timeout : float
        Seconds, as in the URL.
    """

    loses = True
    retries = RETRIES

    def __init__(
        self,
        engine: TimedEngine,
        troubles: Troubles | None = None,
        seed: int = 0,
        timeout: float = REPLY_TIMEOUT,
    ) -> None:
        self.reply_timeout = timeout
        self.happened: Counter[str] = Counter()
        self._engine = engine
        self._troubles = troubles or Troubles()
        self._choose = random.Random(seed)
        self._time = 0.0
        self._wire_free = {"to device": 0.0, "to host": 0.0}
        self._to_device: list[tuple[float, int, bytes]] = []
        self._to_host: list[tuple[float, int, bytes]] = []
        self._numbers = count()
        self._open = True

    def send(self, data: bytes) -> None:
        """Send one datagram."""
        self.send_frames([data])

    def send_frames(self, frames: Sequence[bytes]) -> None:
        """Send each frame as a datagram."""
        if not self._open:
            raise TransportClosed("the network was closed")
        for frame in frames:
            self._pass("to device", self._to_device, self._time, frame)

    def receive(self, timeout: float) -> bytes:
        """Return what has arrived, or let time pass until something does."""
        if not self._open:
            raise TransportClosed("the network was closed")
        deadline = self._time + timeout
        while True:
            first = self._to_host[0][0] if self._to_host else float("inf")
            limit = min(first, deadline)
            while self._to_device and self._to_device[0][0] <= limit:
                at, _, datagram = heapq.heappop(self._to_device)
                self._engine.arrive(at, datagram)
            reply = self._engine.reply_before(limit)
            if reply is not None:
                self._pass("to host", self._to_host, self._engine.time, reply)
            elif first <= deadline:
                self._time = max(self._time, first)
                found = b""
                while self._to_host and self._to_host[0][0] <= self._time:
                    found += heapq.heappop(self._to_host)[2]
                return found
            else:
                self._time = deadline
                return b""

    def now(self) -> float:
        """Return the virtual time in seconds."""
        return self._time

    def close(self) -> None:
        """End the simulation."""
        self._open = False
        self._engine.close()

    def _pass(
        self, way: str, heap: list[tuple[float, int, bytes]], now: float, datagram: bytes
    ) -> None:
        """Put a datagram on a wire, with what happens to it on the way."""
        choose, troubles = self._choose, self._troubles
        copies, late = 1, 0.0
        if choose.random() < troubles.lost:
            self.happened["lost"] += 1
            copies = 0
        elif choose.random() < troubles.doubled:
            self.happened["doubled"] += 1
            copies = 2
        elif choose.random() < troubles.late:
            self.happened["late"] += 1
            late = choose.random() * TRIP
        took = wire_bytes(len(datagram)) / WIRE
        for _ in range(max(copies, 1)):  # what is lost was sent
            self._wire_free[way] = max(self._wire_free[way], now) + took
            if copies:
                at = self._wire_free[way] + TRIP / 2 + late
                heapq.heappush(heap, (at, next(self._numbers), datagram))
