"""What a connected socket is to the real transport, in virtual time; behind it some network."""

import heapq
import random
import socket
import struct
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from consilience.devices.udp import DatagramAddress, DatagramTransport
from tests.campaigns.fire.ledger import Ledger
from tests.campaigns.fire.line import Hang

__all__ = ["TRIP", "VirtualSocket", "VirtualTransport"]

TRIP = 100e-6
"""Seconds there and back."""
_MOST_RECEIVES = 20_000
_FAR = 1e9


class VirtualTransport(DatagramTransport):
    """The real transport over a `VirtualSocket`, and its clock."""

    def __init__(self, network: "VirtualSocket", address: DatagramAddress) -> None:
        super().__init__(network, address)  # type: ignore[arg-type]
        self._network = network
        self._cuts = True

    def now(self) -> float:
        """Return the virtual time in seconds."""
        return self._network.time


class VirtualSocket(ABC):
    """A socket, its clock, and what is under way on the network.

    Parameters
    ----------
    ledger : Ledger
    choose : random.Random
    timeout : float
        Seconds: what lateness is measured in.

    Attributes
    ----------
    rate : float
        Share of what is sent to which something happens.
    injected : Counter
        Faults by cell.
    """

    def __init__(self, ledger: Ledger, choose: random.Random, timeout: float) -> None:
        self.ledger = ledger
        self.injected: Counter[Any] = Counter()
        self.rate = 0.0
        self.time = 0.0
        self._choose = choose
        self._timeout = timeout
        self._patience = 0.0  # of the socket
        self._numbers = count()
        self._under_way: list[tuple[float, int, Any]] = []
        self._arrived: deque[bytes | OSError] = deque()
        self.begin_call(lambda: None, _FAR)

    def begin_call(self, progress: Callable[[], object], patience: float) -> None:
        """Watch a call: `Hang` once `progress` has not changed for more than `patience` seconds."""
        self._progress, self._call_patience = progress, patience
        self._last, self._since = progress(), self.time
        self._receives = 0

    def calm(self) -> None:
        """Let nothing more happen, and all that is under way arrive."""
        self.rate = 0.0
        self._mend()
        while self._under_way:
            self._deliver()

    def settimeout(self, seconds: float) -> None:
        """Note how long `recv_into` may wait."""
        self._patience = seconds

    def send(self, data: bytes) -> int:
        """Send a datagram."""
        if data == b"\0":
            self.ledger.host_begins()
        self._send(data)
        return len(data)

    def sendmsg(self, data: Sequence[bytes], cuts: Sequence[tuple[int, int, bytes]]) -> int:
        """Send datagrams of one size, as the option UDP_SEGMENT cuts them."""
        (whole,), ((level, option, value),) = data, cuts
        assert (level, option) == (socket.IPPROTO_UDP, 103)
        (size,) = struct.unpack("=H", value)
        for first in range(0, len(whole), size):
            self.send(whole[first : first + size])
        return len(whole)

    def recv_into(self, room: bytearray) -> int:
        """Give the next datagram, or let time pass until one comes."""
        self._watch()
        deadline = self.time + self._patience
        while not self._arrived:
            if not self._under_way or self._under_way[0][0] > deadline:
                self.time = deadline
                raise TimeoutError
            self._deliver()
        found = self._arrived.popleft()
        if isinstance(found, OSError):
            raise found
        self.ledger.to_host(found if found.endswith(b"\0") else found + b"\0")
        room[: len(found)] = found
        return len(found)

    def close(self) -> None:
        """Forget all that is under way."""
        self._under_way.clear()
        self._arrived.clear()

    def _put(self, item: Any, late: float = 0.0) -> None:
        """Let something arrive after its trip, and later."""
        due = self.time + TRIP / 2 + late
        heapq.heappush(self._under_way, (due, next(self._numbers), item))

    def _next(self) -> Any:
        """Return what arrives next, at its time."""
        due, _, item = heapq.heappop(self._under_way)
        self.time = max(self.time, due)
        return item

    def _watch(self) -> None:
        self._receives += 1
        now = self._progress()
        if now != self._last:
            self._last, self._since = now, self.time
        if self.time - self._since > self._call_patience or self._receives > _MOST_RECEIVES:
            raise Hang

    @abstractmethod
    def _send(self, data: bytes) -> None:
        """Send a datagram on its way."""

    @abstractmethod
    def _deliver(self) -> None:
        """Let the next thing arrive, and what it leads to be sent."""

    @abstractmethod
    def _mend(self) -> None:
        """End what lasts."""
