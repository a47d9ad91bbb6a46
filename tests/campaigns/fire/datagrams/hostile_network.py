"""A network that does to datagrams what networks and strangers do, in virtual time."""

import errno
import random
import struct
from collections import deque
from collections.abc import Sequence
from itertools import pairwise

from consilience_hw.spec.link_map import FrameType
from consilience_hw.spec.network import LARGEST_DATAGRAM
from consilience_sim.testing.link_oracle import encode_content
from tests.campaigns.fire.datagrams.troubles import CELLS, Trouble
from tests.campaigns.fire.datagrams.virtual_socket import VirtualSocket
from tests.campaigns.fire.ends import DeviceEnd
from tests.campaigns.fire.faults import Direction
from tests.campaigns.fire.ledger import Ledger

__all__ = ["HostileNetwork"]

_KEPT = 200
"""Datagrams that may be replayed."""
_ERRORS = (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENOBUFS)


class HostileNetwork(VirtualSocket):
    """A network of datagrams, and the device behind it.

    Parameters
    ----------
    device : DeviceEnd
    choose, timeout
        See `VirtualSocket`.
    """

    def __init__(self, device: DeviceEnd, choose: random.Random, timeout: float) -> None:
        ledger = Ledger(device.config.largest_payload, merges=device.merges)
        super().__init__(ledger, choose, timeout)
        self._device = device
        self._kept = {direction: deque([b"\0"], _KEPT) for direction in Direction}
        self._astray_until = 0.0
        self._cells = {
            direction: [cell for cell in CELLS if cell.direction is direction]
            for direction in Direction
        }

    def _mend(self) -> None:
        self._astray_until = 0.0

    def _send(self, data: bytes) -> None:
        self._pass(Direction.TO_DEVICE, data)

    def _deliver(self) -> None:
        """Let the next datagram arrive, and pass on what the device says to it."""
        direction, data, ours = self._next()
        if direction is Direction.TO_HOST:
            self._arrived.append(data)
            return
        self.ledger.to_device(data + b"\0" * self._device.ends_frames)
        self._device.take(data)
        for frame in self._device.give().split(b"\0")[:-1]:
            self.ledger.from_device(frame + b"\0")
            if ours:  # else the answer goes to the stranger
                self._pass(Direction.TO_HOST, frame + b"\0")

    def _pass(self, direction: Direction, data: bytes) -> None:
        """Send a datagram on its way, with what happens to it there."""
        choose = self._choose
        if self.time < self._astray_until:
            return
        passed = [data]
        faults = choose.choice((1, 1, 2, 3)) if choose.random() < self.rate else 0
        while faults and passed:
            place = choose.randrange(len(passed))
            passed[place : place + 1] = self._troubled(direction, passed[place])
            faults -= 1
        for one in passed:
            self._put((direction, one, True))
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
                self._put((direction, data, True), late * self._timeout)
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
        amount = choose.choice((1, 1, 1, 3, 3, 3, 10, 100))
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
            self._put((direction, junk, False))
        lost = direction is Direction.TO_DEVICE and amount > self._device.config.credits
        return () if lost else [data]

    def _take_over(self) -> None:
        """Let a stranger open a session, and at times call."""
        choose = self._choose
        number, sequence = choose.getrandbits(32), choose.randrange(256)
        hello = struct.pack("<BB4I", FrameType.HELLO, sequence, 0, number, 0, 0)
        self._put((Direction.TO_DEVICE, encode_content(hello), False))
        if choose.random() < 0.5 and self.ledger.nonce is not None:
            fields = (*struct.unpack("<I", self.ledger.nonce), (number + 1) & 0xFFFFFFFF, 0, 0)
            status = struct.pack("<BB4I", FrameType.STATUS, (sequence + 1) & 0xFF, *fields)
            self._put((Direction.TO_DEVICE, encode_content(status), False))
