"""What a host's kernel does with frames: ARP, IPv4 with fragments, and one connected UDP socket."""

import errno
import struct
from collections import deque

from tests.campaigns.fire.frames import packets
from tests.hw.ethernet.packet_oracle import checksum

__all__ = ["HostStack"]

_MOST_WAITING = 64
_LARGEST, _SMALLEST = 1514, 60


class HostStack:
    """A socket's datagrams to frames, and frames to what the socket receives.

    Trustful, as kernels are by default: any ARP packet that says who has the device's address is
    believed. As long as it does not know, it asks with each datagram that it has to send.

    Parameters
    ----------
    me, device : packets.Station
    arrived : deque
        What the socket will receive: datagrams and errors.
    """

    def __init__(
        self, me: packets.Station, device: packets.Station, arrived: deque[bytes | OSError]
    ) -> None:
        self._me, self._device, self._arrived = me, device, arrived
        self.station: bytes | None = None
        """Believed to be the device's."""
        self._waiting: deque[bytes] = deque(maxlen=_MOST_WAITING)
        self._parts: dict[tuple[bytes, bytes], dict[int, bytes]] = {}

    def send(self, data: bytes) -> list[bytes]:
        """Return the frames that a datagram needs now."""
        frame = packets.udp(self._me, self._device, data)
        if self.station is not None:
            return [self.station + frame[6:]]
        self._waiting.append(frame)
        return [packets.arp(1, self._me, self._me.ip, self._device.ip)]

    def forget(self) -> None:
        """Let what is known of the device's station be too old."""
        self.station = None

    def take(self, frame: bytes) -> list[bytes]:
        """Take a frame whose check sequence was right; return those that may be sent now."""
        if not _SMALLEST <= len(frame) <= _LARGEST:
            return []
        if frame[:6] not in (self._me.mac, packets.ALL):
            return []
        kind, rest = frame[12:14], frame[14:]
        if kind == packets.ARP and rest[:6] == bytes.fromhex("000108000604"):
            if rest[14:18] == self._device.ip:
                return self._learned(rest[8:14])
        elif kind == packets.IPV4 and frame[:6] == self._me.mac:
            self._take_packet(rest)
        return []

    def _learned(self, station: bytes) -> list[bytes]:
        self.station = station
        waiting = [station + frame[6:] for frame in self._waiting]
        self._waiting.clear()
        return waiting

    def _take_packet(self, packet: bytes) -> None:
        (total,) = struct.unpack("!H", packet[2:4])
        if packet[0] != 0x45 or checksum(packet[:20]) != 0xFFFF or not 28 <= total <= len(packet):
            return
        if packet[16:20] != self._me.ip:
            return
        inner: bytes | None = packet[20:total]
        (parts,) = struct.unpack("!H", packet[6:8])
        if parts & 0x3FFF:
            inner = self._joined(packet, parts)
        if inner is None:
            return
        if packet[9] == packets.UDP:
            self._take_datagram(packet[12:16], inner)
        elif packet[9] == packets.ICMP and packet[12:16] != self._me.ip:
            self._take_error(inner)

    def _joined(self, packet: bytes, parts: int) -> bytes | None:
        """Return what fragments are together; those that overlap are all forgotten."""
        key = packet[12:16], packet[4:6] + packet[9:10]
        known = self._parts.setdefault(key, {})
        (total,) = struct.unpack("!H", packet[2:4])
        known[8 * (parts & 0x1FFF)] = packet[20:total]
        if not parts & 0x2000:
            known[-1] = b""  # the last one is there
        whole = b""
        for first in sorted(known.keys() - {-1}):
            if first < len(whole):
                del self._parts[key]
                return None
            if first > len(whole):
                return None
            whole += known[first]
        if -1 not in known:
            return None
        del self._parts[key]
        return whole

    def _take_datagram(self, source: bytes, datagram: bytes) -> None:
        ports = self._device.port, self._me.port
        if len(datagram) < 8 or source != self._device.ip:
            return
        *found, length, check = struct.unpack("!HHHH", datagram[:8])
        if tuple(found) != ports or not 8 <= length <= len(datagram):
            return
        datagram = datagram[:length]
        if check:
            empty = datagram[:6] + b"\0\0" + datagram[8:]
            if packets.udp_sum(source, self._me.ip, empty) != datagram[6:8]:
                return
        self._arrived.append(datagram[8:])

    def _take_error(self, inner: bytes) -> None:
        """Take an ICMP error about a datagram of the socket: a port that is unreachable."""
        if checksum(inner) != 0xFFFF or inner[:2] != b"\x03\x03" or len(inner) < 36:
            return
        about = inner[8:]
        ours = struct.pack("!HH", self._me.port, self._device.port)
        if about[12:20] == self._me.ip + self._device.ip and about[20:24] == ours:
            self._arrived.append(OSError(errno.ECONNREFUSED, "ECONNREFUSED"))
