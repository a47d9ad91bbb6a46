"""A wire that does to frames what wires, switches and strangers do, in virtual time."""

import random
import zlib
from collections import deque
from collections.abc import Callable

from consilience_sim.ethernet.gmii import with_fcs
from tests.campaigns.fire.datagrams.virtual_socket import VirtualSocket
from tests.campaigns.fire.faults import Direction
from tests.campaigns.fire.frames import packets, spoiling
from tests.campaigns.fire.frames.board import DEVICE, Board, Sent, intact
from tests.campaigns.fire.frames.host_stack import HostStack
from tests.campaigns.fire.frames.strangers import HOST, Strangers
from tests.campaigns.fire.frames.troubles import CELLS, FrameCell, FrameTrouble

__all__ = ["HostileWire"]

_KEPT = 100
"""Frames that may be replayed."""
_FLOODED = 0.3
"""Of frames to stations that the switch does not know, those that it sends to all."""


class HostileWire(VirtualSocket):
    """A host's kernel, a switch, the device at its pins, and strangers.

    What arrives at the device at one time arrives at line rate, frame behind frame.

    Parameters
    ----------
    board : Board
    choose, timeout
        See `VirtualSocket`.
    """

    def __init__(self, board: Board, choose: random.Random, timeout: float) -> None:
        super().__init__(board.ledger, choose, timeout)
        self._board = board
        self._stack = HostStack(HOST, DEVICE, self._arrived)
        self._strangers = Strangers(choose)
        self._lie_ends = 0.0
        hello = packets.udp(HOST, DEVICE, b"\0")
        self._kept = {direction: deque([hello], _KEPT) for direction in Direction}
        self._cells = {
            direction: [cell for cell in CELLS if cell.direction is direction]
            for direction in Direction
        }

    def calm(self) -> None:
        """Let nothing more happen, and all that is under way arrive, lies among it."""
        super().calm()
        self._mend()

    def _mend(self) -> None:
        if self._stack.station != DEVICE.mac:
            self._stack.forget()

    def _send(self, data: bytes) -> None:
        if self._stack.station != DEVICE.mac and self.time >= self._lie_ends:
            self._stack.forget()
        for frame in self._stack.send(data):
            self._to_device(frame)

    def _deliver(self) -> None:
        """Let what comes next arrive, with all that comes to the device at the same time."""
        due = self._under_way[0][0]
        direction, sent, amid = self._next()
        if direction is Direction.TO_HOST:
            if zlib.crc32(sent[:-4]).to_bytes(4, "little") == sent[-4:]:
                self._host_takes(sent[:-4])
            return
        while True:
            if amid:
                self._board.run()  # what was before it; its replies are lost
                self._board.reset_amid(sent)
            else:
                self._board.put(sent)
            more = self._under_way and self._under_way[0][0] == due
            if not more or self._under_way[0][2][0] is Direction.TO_HOST:
                break
            _, sent, amid = self._next()
        for frame in self._board.run():
            if frame[:6] == HOST.mac:
                self._to_host(frame)

    def _host_takes(self, frame: bytes) -> None:
        before = self._stack.station
        waiting = self._stack.take(frame)
        if self._stack.station not in (before, DEVICE.mac):
            self._lie_ends = self.time + 6 * self._timeout * self._choose.random() ** 3
        for one in waiting:
            self._to_device(one)

    def _to_device(self, frame: bytes) -> None:
        """Send a frame of the host on its way, with what happens to it there."""
        choose = self._choose
        if frame[:6] not in (DEVICE.mac, packets.ALL) and choose.random() >= _FLOODED:
            return
        if choose.random() >= self.rate:
            self._put((Direction.TO_DEVICE, intact(frame), False))
        else:
            for one in self._troubled(frame):
                self._put((Direction.TO_DEVICE, one, False))
        self._kept[Direction.TO_DEVICE].append(frame)

    def _to_host(self, frame: bytes) -> None:
        """Send a frame of the device on its way, with what happens to it there."""
        if self._choose.random() >= self.rate:
            self._put((Direction.TO_HOST, with_fcs(frame), False))
        else:
            for one in self._troubled_to_host(frame):
                self._put((Direction.TO_HOST, one, False))
        self._kept[Direction.TO_HOST].append(frame)

    def _draw(self, direction: Direction) -> FrameTrouble:
        cell: FrameCell = self._choose.choice(self._cells[direction])
        self.injected[cell] += 1
        return cell.trouble

    def _lateness(self) -> float:
        choose = self._choose
        far = choose.choice((0.001, 0.01, 0.9, 1.1, 2.5, 14.0))
        return far * choose.random() * self._timeout

    def _troubled(self, frame: bytes) -> list[Sent]:
        """Return what takes the place of a frame to the device, in order."""
        choose, strangers = self._choose, self._strangers
        before: list[bytes] = []
        match trouble := self._draw(Direction.TO_DEVICE):
            case FrameTrouble.LOST:
                return []
            case FrameTrouble.DOUBLED:
                return [intact(frame)] * choose.randint(2, 4)
            case FrameTrouble.LATE:
                self._put((Direction.TO_DEVICE, intact(frame), False), self._lateness())
                return []
            case FrameTrouble.DAMAGED:
                return [spoiling.damaged(choose, frame)]
            case FrameTrouble.SIGNALLED:
                return [spoiling.signalled(choose, frame)]
            case FrameTrouble.CUT:
                return [spoiling.cut(choose, frame)]
            case FrameTrouble.RUNT:
                short = frame.ljust(60, b"\0")[: choose.randrange(1, 60)]
                return [intact(short, pad=False), intact(frame)]
            case FrameTrouble.FRAGMENTED:
                return [intact(one) for one in spoiling.in_fragments(choose, frame)]
            case FrameTrouble.RESET:
                if choose.random() < 0.5:
                    self._put((Direction.TO_DEVICE, intact(frame), True))
                    return []
                self._board.reset()
            case FrameTrouble.ARP_OLD:
                self._stack.forget()
            case FrameTrouble.OTHER:
                before = [strangers.other()]
            case FrameTrouble.REPLAYED:
                before = [choose.choice(self._kept[Direction.TO_DEVICE])]
            case FrameTrouble.FLOOD:
                before = strangers.flood()
            case FrameTrouble.ARP_LIE:
                before = [strangers.arp_lie(HOST, DEVICE)]
            case FrameTrouble.ARP_FORGED:
                before = [strangers.arp_forged()]
            case FrameTrouble.SOURCE:
                before = [strangers.impossible(frame)]
            case FrameTrouble.SPOOFED:
                before = strangers.spoofed(frame, self.ledger.nonce)
            case _:
                return [intact(_SPOILT[trouble](choose, frame), pad=False)]
        return [intact(one) for one in (*before, frame)]

    def _troubled_to_host(self, frame: bytes) -> list[bytes]:
        """Return what takes the place of a frame to the host, with frame check sequences."""
        choose, strangers = self._choose, self._strangers
        before: list[bytes] = []
        match trouble := self._draw(Direction.TO_HOST):
            case FrameTrouble.LOST:
                return []
            case FrameTrouble.DOUBLED:
                return [with_fcs(frame)] * choose.randint(2, 4)
            case FrameTrouble.LATE:
                self._put((Direction.TO_HOST, with_fcs(frame), False), self._lateness())
                return []
            case FrameTrouble.DAMAGED:
                return [spoiling.changed_bytes(choose, with_fcs(frame))]
            case FrameTrouble.CUT:
                whole = with_fcs(frame)
                return [whole[: choose.randrange(5, len(whole))]]
            case FrameTrouble.FRAGMENTED:
                return [with_fcs(one) for one in spoiling.in_fragments(choose, frame)]
            case FrameTrouble.REFUSED:
                return [with_fcs(spoiling.refusal(choose, HOST))]
            case FrameTrouble.OTHER:
                to_host = strangers.other()
                before = [HOST.mac + to_host[6:]]
            case FrameTrouble.REPLAYED:
                before = [choose.choice(self._kept[Direction.TO_HOST])]
            case FrameTrouble.FLOOD:
                before = strangers.flood_for_host()
            case FrameTrouble.ARP_LIE:
                before = [strangers.arp_lie(DEVICE, HOST)]
            case _:
                return [with_fcs(_SPOILT[trouble](choose, frame))]
        return [with_fcs(one) for one in (*before, frame)]


_SPOILT: dict[FrameTrouble, Callable[[random.Random, bytes], bytes]] = {
    FrameTrouble.OVERSIZE: spoiling.oversize,
    FrameTrouble.CHANGED: spoiling.changed,
    FrameTrouble.COLLIDING: spoiling.colliding,
    FrameTrouble.LENGTHS: spoiling.wrong_lengths,
    FrameTrouble.CHECKSUM: spoiling.wrong_checksum,
}
