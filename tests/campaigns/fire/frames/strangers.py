"""Frames of strangers: for nobody, for anybody, in somebody's name."""

import random
import struct

from consilience_hw.spec.link_map import FrameType
from consilience_sim.testing.link_oracle import encode_content
from tests.campaigns.fire.frames import packets
from tests.campaigns.fire.frames.board import DEVICE
from tests.campaigns.fire.frames.packets import Station

__all__ = ["HOST", "Strangers"]

HOST = Station(bytes.fromhex("020000000001"), bytes([10, 77, 0, 1]), 40_000)
_OTHERS = [
    Station(bytes.fromhex("0200000000") + bytes([64 + k]), bytes([10, 77, 0, 64 + k]), 660 + k)
    for k in range(3)
]
_MULTICAST = Station(bytes.fromhex("01005e000001"), bytes([224, 0, 0, 1]), DEVICE.port)
_TYPES = (b"\x81\x00", b"\x86\xdd", b"\x88\xb5", b"\x00\x2e")
_SOURCES = (b"\0\0\0\0", b"\0\1\2\3", b"\x7f\0\0\1", b"\xe0\0\0\1", b"\xff" * 4)


class Strangers:
    """Draws their frames, from the destination on, without a frame check sequence.

    Parameters
    ----------
    choose : random.Random
    """

    def __init__(self, choose: random.Random) -> None:
        self._choose = choose

    def flood(self) -> list[bytes]:
        """Return 1 to 40 frames."""
        draw = (self._ping, self._question, self._noise, self._wrong_nonce, self.other)
        amount = self._choose.choice((1, 3, 10, 40))
        return [self._choose.choice(draw)() for _ in range(amount)]

    def flood_for_host(self) -> list[bytes]:
        """Return frames to the host; some in the name of the device, from its port."""
        choose = self._choose
        found = []
        for _ in range(choose.choice((1, 3, 10))):
            source = choose.choice((DEVICE._replace(mac=_OTHERS[0].mac), DEVICE, *_OTHERS))
            data = choose.choice((self._junk, self._reply_of_nobody))()
            found.append(packets.udp(source, HOST, data, checked=choose.random() < 0.5))
        return found

    def other(self) -> bytes:
        """Return a frame that is not for the link, for one of many reasons."""
        choose = self._choose
        stranger, data = choose.choice(_OTHERS), self._junk()
        good = packets.udp(stranger, DEVICE, data)
        match choose.randrange(9):
            case 0:
                return good[:12] + choose.choice(_TYPES) + good[12:]
            case 1:  # options
                return good[:14] + b"\x46" + good[15:34] + bytes(4) + good[34:]
            case 2:  # another version
                return good[:14] + b"\x65" + good[15:]
            case 3:  # another protocol
                protocol = choose.choice((2, 6, 47, 89))
                return packets.ipv4(stranger, DEVICE, protocol, data + bytes(8))
            case 4:
                return packets.udp(stranger, DEVICE._replace(port=DEVICE.port ^ 1), data)
            case 5:  # another station, all, or a group
                to = choose.choice((b"\x02\x63\x6e\x73\x6c\x03", packets.ALL, _MULTICAST.mac))
                return to + good[6:]
            case 6:  # another address, or a group's
                to = choose.choice((_MULTICAST, DEVICE._replace(ip=bytes([10, 77, 0, 255]))))
                return packets.udp(stranger, to._replace(mac=DEVICE.mac), data)
            case 7:
                return packets.udp(stranger, DEVICE, b"")
        return choose.randbytes(choose.randrange(60, 1515))

    def arp_lie(self, victim: Station, to: Station) -> bytes:
        """Return ARP that tells `to`, or all, that a stranger has the victim's address."""
        choose = self._choose
        told = choose.choice((packets.ALL, to.mac))
        operation = choose.choice((1, 2))
        # Gratuitous: it asks for, or tells, the address that it claims; or an answer to nobody.
        asked = victim.ip if operation == 1 else choose.choice((victim.ip, to.ip))
        return packets.arp(operation, choose.choice(_OTHERS), victim.ip, asked, to=told)

    def arp_forged(self) -> bytes:
        """Return a question for the device's station in the name of somebody else."""
        claimed = self._choose.choice((HOST.ip, DEVICE.ip, bytes(4), packets.ALL[:4]))
        stranger = self._choose.choice(_OTHERS)
        return packets.arp(1, stranger, claimed, DEVICE.ip)

    def impossible(self, frame: bytes) -> bytes:
        """Return a frame from where none can come."""
        choose = self._choose
        stranger, data = choose.choice(_OTHERS), self._junk()
        match choose.randrange(4):
            case 0:
                source = stranger._replace(ip=choose.choice(_SOURCES))
                return packets.udp(source, DEVICE, data)
            case 1:  # a group's station
                return frame[:6] + b"\x03" + frame[7:]
            case 2:  # ARP in the name of a group
                return packets.arp(1, stranger._replace(mac=_MULTICAST.mac), HOST.ip, DEVICE.ip)
        # The device itself: an echo and a datagram would be answered to it.
        return choose.choice((packets.udp, packets.echo))(DEVICE, DEVICE, data)

    def spoofed(self, frame: bytes, nonce: bytes | None) -> list[bytes]:
        """Return frames in the host's name, from another station or from its own."""
        choose = self._choose
        source = HOST._replace(mac=choose.choice((HOST.mac, _OTHERS[0].mac)))
        number, sequence = choose.getrandbits(32), choose.randrange(256)
        hello = struct.pack("<BB4I", FrameType.HELLO, sequence, 0, number, 0, 0)
        session = int.from_bytes(nonce or b"", "little")
        sequence = (sequence + 1) & 0xFF
        status = struct.pack("<BB4I", FrameType.STATUS, sequence, session, number, 0, 0)
        kind = choose.randrange(3)
        if kind == 0:
            return [frame[:6] + _OTHERS[0].mac + frame[12:]]
        contents = [hello, status][: 1 + (choose.random() < 0.5)] if kind == 1 else [status]
        return [packets.udp(source, DEVICE, encode_content(one)) for one in contents]

    def _ping(self) -> bytes:
        return packets.echo(self._choose.choice(_OTHERS), DEVICE, self._junk())

    def _question(self) -> bytes:
        stranger = self._choose.choice(_OTHERS)
        asked = self._choose.choice((DEVICE.ip, DEVICE.ip, HOST.ip, bytes([10, 77, 0, 9])))
        return packets.arp(1, stranger, stranger.ip, asked)

    def _noise(self) -> bytes:
        checked = self._choose.random() < 0.8
        return packets.udp(self._choose.choice(_OTHERS), DEVICE, self._junk(), checked=checked)

    def _wrong_nonce(self) -> bytes:
        choose = self._choose
        frame_type = choose.choice((0x02, 0x10, 0x11, 0x7F, 0x82, 0x90, 0x91, 0xFF))
        body = choose.randbytes(4 * choose.choice((4, 6, 20)))
        content = bytes((frame_type, choose.randrange(256))) + body
        return packets.udp(choose.choice(_OTHERS), DEVICE, encode_content(content))

    def _reply_of_nobody(self) -> bytes:
        choose = self._choose
        head = bytes((choose.choice((0x81, 0x82, 0x90, 0x91)), choose.randrange(256)))
        return encode_content(head + choose.randbytes(24))

    def _junk(self) -> bytes:
        return self._choose.randbytes(self._choose.choice((1, 20, 90, 250)))
