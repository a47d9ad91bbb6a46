"""A network that does to datagrams what networks and strangers do, in virtual time."""

import errno
import heapq
import random
import socket
import struct
from collections import Counter, deque
from collections.abc import Callable, Sequence
from itertools import count, pairwise

from consilience.devices.udp import DatagramAddress, DatagramTransport
from consilience_hw.spec.link_map import FrameType
from consilience_hw.spec.network import LARGEST_DATAGRAM
from consilience_sim.testing.link_oracle import encode_content
from tests.campaigns.fire.datagrams.troubles import CELLS, DatagramCell, Trouble
from tests.campaigns.fire.ends import DeviceEnd
from tests.campaigns.fire.faults import Direction
from tests.campaigns.fire.ledger import Ledger
from tests.campaigns.fire.line import Hang

__all__ = ["HostileNetwork", "VirtualTransport"]

_TRIP = 100e-6
"""Seconds there and back."""
_MOST_RECEIVES = 20_000
_KEPT = 200
"""Datagrams that may be replayed."""
_ERRORS = (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENOBUFS)
_FAR = 1e9


class VirtualTransport(DatagramTransport):
    """The real transport over a `HostileNetwork` in place of a socket, and its clock."""

    def __init__(self, network: "HostileNetwork", address: DatagramAddress) -> None:
        super().__init__(network, address)  # type: ignore[arg-type]
        self._network = network
        self._cuts = True

    def now(self) -> float:
        """Return the virtual time in seconds."""
        return self._network.time


class HostileNetwork:
    """What a connected socket is to the transport; behind it the network and the device.

    Parameters
    ----------
    device : DeviceEnd
    choose : random.Random
    timeout : float
        Seconds: what lateness is measured in.

    Attributes
    ----------
    rate : float
        Share of datagrams to which something happens.
    injected : Counter of DatagramCell
    """

    def __init__(self, device: DeviceEnd, choose: random.Random, timeout: float) -> None:
        self.ledger = Ledger(device.config.largest_payload, merges=device.merges)
        self.injected: Counter[DatagramCell] = Counter()
        self.rate = 0.0
        self.time = 0.0
        self._device = device
        self._choose = choose
        self._timeout = timeout
        self._patience = 0.0  # of the socket
        self._numbers = count()
        self._under_way: list[tuple[float, int, Direction, bytes, bool]] = []
        self._arrived: deque[bytes | OSError] = deque()
        self._kept = {direction: deque([b"\0"], _KEPT) for direction in Direction}
        self._astray_until = 0.0
        self._cells = {
            direction: [cell for cell in CELLS if cell.direction is direction]
            for direction in Direction
        }
        self.begin_call(lambda: None, _FAR)

    def begin_call(self, progress: Callable[[], object], patience: float) -> None:
        """Watch a call: `Hang` once `progress` has not changed for more than `patience` seconds."""
        self._progress, self._call_patience = progress, patience
        self._last, self._since = progress(), self.time
        self._receives = 0

    def calm(self) -> None:
        """Let nothing more happen, and all that is under way arrive."""
        self.rate = 0.0
        self._astray_until = 0.0
        while self._under_way:
            self._deliver()

    def settimeout(self, seconds: float) -> None:
        """Note how long `recv_into` may wait."""
        self._patience = seconds

    def send(self, data: bytes) -> int:
        """Send a datagram."""
        if data == b"\0":
            self.ledger.host_begins()
        self._pass(Direction.TO_DEVICE, data)
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

    def _watch(self) -> None:
        self._receives += 1
        now = self._progress()
        if now != self._last:
            self._last, self._since = now, self.time
        if self.time - self._since > self._call_patience or self._receives > _MOST_RECEIVES:
            raise Hang

    def _deliver(self) -> None:
        """Let the next datagram arrive, and pass on what the device says to it."""
        due, _, direction, data, ours = heapq.heappop(self._under_way)
        self.time = max(self.time, due)
        if direction is Direction.TO_HOST:
            self._arrived.append(data)
            return
        self.ledger.to_device(data + b"\0" * self._device.ends_frames)
        self._device.take(data)
        for frame in self._device.give().split(b"\0")[:-1]:
            self.ledger.from_device(frame + b"\0")
            if ours:  # else the answer goes to the stranger
                self._pass(Direction.TO_HOST, frame + b"\0")

    def _put(self, direction: Direction, data: bytes, late: float = 0.0, ours: bool = True) -> None:
        due = self.time + _TRIP / 2 + late
        heapq.heappush(self._under_way, (due, next(self._numbers), direction, data, ours))

    def _pass(self, direction: Direction, data: bytes) -> None:
        """Send a datagram on its way, with what happens to it there."""
        choose = self._choose
        if self.time < self._astray_until:
            return
        for one in self._troubled(direction, data) if choose.random() < self.rate else (data,):
            self._put(direction, one)
        self._kept[direction].append(data)

    def _troubled(self, direction: Direction, data: bytes) -> Sequence[bytes]:
        """Return the datagrams that take the place of one, in order."""
        choose = self._choose
        cell = choose.choice(self._cells[direction])
        self.injected[cell] += 1
        match cell.trouble:
            case Trouble.LOST:
                return ()
            case Trouble.DOUBLED:
                return [data] * choose.randint(2, 4)
            case Trouble.LATE:
                late = choose.choice((0.001, 0.01, 0.9, 1.1, 2.5, 14.0)) * choose.random()
                self._put(direction, data, late * self._timeout)
                return ()
            case Trouble.DAMAGED:
                return [self._damaged(data)]
            case Trouble.CUT:
                return [data[: choose.randrange(1, len(data))]] if len(data) > 1 else ()
            case Trouble.FRAGMENTED:
                places = sorted(
                    choose.randrange(len(data) + 1) for _ in range(choose.randint(1, 3))
                )
                borders = [0, *places, len(data)]
                pieces = [data[a:b] for a, b in pairwise(borders) if a < b]
                if choose.random() < 0.3:
                    choose.shuffle(pieces)
                return pieces
            case Trouble.OVERSIZE:
                more = choose.randbytes(choose.choice((1, 100, 1400)))
                return [(data + more)[:LARGEST_DATAGRAM]]
            case Trouble.REPLAYED:
                return [choose.choice(self._kept[direction]), data]
            case Trouble.FLOOD:
                return self._flood(direction, data)
            case Trouble.REFUSED:
                error = choose.choice(_ERRORS)
                self._arrived.append(OSError(error, errno.errorcode[error]))
                return ()
            case Trouble.ASTRAY:
                self._astray_until = self.time + 6 * self._timeout * choose.random() ** 3
                return ()
            case Trouble.TAKEN:
                self._take_over()
                return [data]
        assert cell.trouble is Trouble.RESET
        self._device.reset()
        self.ledger.reset()
        return [data]

    def _damaged(self, data: bytes) -> bytes:
        content = bytearray(data)
        for _ in range(self._choose.choice((1, 1, 2, 8))):
            content[self._choose.randrange(len(content))] ^= self._choose.randrange(1, 256)
        return bytes(content)

    def _flood(self, direction: Direction, data: bytes) -> Sequence[bytes]:
        choose = self._choose
        amount = choose.choice((1, 3, 10, 100))
        for _ in range(amount):
            kind = choose.randrange(3)
            if kind == 0:
                junk = choose.randbytes(choose.choice((1, 20, 300)))
            elif kind == 1:
                frame_type = choose.choice((0x02, 0x10, 0x11, 0x7F, 0x82, 0x90, 0x91, 0xFF))
                body = choose.randbytes(4 * choose.choice((4, 6, 20)))
                junk = encode_content(bytes((frame_type, choose.randrange(256))) + body)
            else:
                junk = choose.choice(self._kept[Direction.TO_HOST])
            self._put(direction, junk, ours=False)
        lost = direction is Direction.TO_DEVICE and amount > self._device.config.credits
        return () if lost else [data]

    def _take_over(self) -> None:
        """Let a stranger open a session, and at times call."""
        choose = self._choose
        number, sequence = choose.getrandbits(32), choose.randrange(256)
        hello = struct.pack("<BB4I", FrameType.HELLO, sequence, 0, number, 0, 0)
        self._put(Direction.TO_DEVICE, encode_content(hello), ours=False)
        if choose.random() < 0.5 and self.ledger.nonce is not None:
            fields = (*struct.unpack("<I", self.ledger.nonce), (number + 1) & 0xFFFFFFFF, 0, 0)
            status = struct.pack("<BB4I", FrameType.STATUS, (sequence + 1) & 0xFF, *fields)
            self._put(Direction.TO_DEVICE, encode_content(status), ours=False)
