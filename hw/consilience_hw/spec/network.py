"""Ethernet: addresses of a device, sizes of frames, and why a frame is dropped.

Sources: IEEE 802.3 (frames), RFC 826 (ARP), RFC 791 and 6864 (IPv4), RFC 792 (ICMP), RFC 768 (UDP).
"""

from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address

from .link_map import Counter

__all__ = [
    "DEFAULT_PORT",
    "GAP_BYTES",
    "LARGEST_DATAGRAM",
    "LARGEST_FRAME",
    "NETWORK_CLOCK_HZ",
    "PREAMBLE",
    "SMALLEST_FRAME",
    "NetworkAddress",
    "PacketDrop",
]

NETWORK_CLOCK_HZ = 125_000_000
"""Clock of GMII at 1 Gb/s: a byte a cycle."""

PREAMBLE = bytes([0x55] * 7 + [0xD5])
"""Preamble and start-of-frame delimiter."""

SMALLEST_FRAME, LARGEST_FRAME = 64, 1518
"""Bytes of a frame from its destination to its FCS (frame check sequence), both included."""

GAP_BYTES = 12
"""Byte times between two frames sent."""

LARGEST_DATAGRAM = 1472
"""Most bytes of a UDP datagram that needs no fragments: 1500 less the headers of IPv4 and UDP."""

DEFAULT_PORT = 50_577
"""UDP port of a device, from the range that is nobody's (RFC 6335)."""


@dataclass(frozen=True)
class NetworkAddress:
    """Who a device is on its network; part of its bitstream.

    Parameters
    ----------
    ip : str
        IPv4 address of one station.
    port : int
        UDP port, 1..65535.
    mac : str
        Station address as six hexadecimal bytes with colons. The default is from the range that is
        administered locally; two devices on one network need two.
    """

    ip: str = "10.77.0.2"
    port: int = DEFAULT_PORT
    mac: str = "02:63:6e:73:6c:02"

    def __post_init__(self) -> None:
        try:
            address = IPv4Address(self.ip)
        except ValueError as error:
            raise ValueError(f"ip must be an IPv4 address, not {self.ip!r}") from error
        first = address.packed[0]
        if first in (0, 127) or first >= 224:
            raise ValueError(f"ip must be the address of one station, not {self.ip}")
        if not 1 <= self.port <= 65_535:
            raise ValueError(f"port must be in 1..65535, not {self.port}")
        parts = self.mac.split(":")
        if len(parts) != 6 or not all(_is_byte(part) for part in parts):
            raise ValueError(f"mac must be like 02:63:6e:73:6c:02, not {self.mac!r}")
        if self.mac_bytes[0] & 1 or not any(self.mac_bytes):
            raise ValueError(f"mac must be the address of one station, not {self.mac}")

    @property
    def mac_bytes(self) -> bytes:
        """The station address as it travels."""
        return bytes(int(part, 16) for part in self.mac.split(":"))

    @property
    def ip_bytes(self) -> bytes:
        """The IPv4 address as it travels."""
        return IPv4Address(self.ip).packed


def _is_byte(text: str) -> bool:
    return len(text) == 2 and all(digit in "0123456789abcdefABCDEF" for digit in text)


class PacketDrop(IntEnum):
    """Why a received frame is dropped; of several reasons the first."""

    DAMAGED = 0
    """Wrong FCS, an error told by the PHY, or no start-of-frame delimiter."""
    RUNT = 1
    """Shorter than `SMALLEST_FRAME`."""
    OVERSIZE = 2
    """Longer than `LARGEST_FRAME`."""
    OTHER_STATION = 3
    """To another station, to a group; or IPv4 to all stations."""
    OTHER_TYPE = 4
    """Neither IPv4 nor ARP: a VLAN tag, IPv6, a length."""
    OTHER_ARP = 5
    """ARP that does not ask for our address."""
    IP_HEADER = 6
    """Not version 4, or with options."""
    IP_CHECKSUM = 7
    """Wrong checksum of the IPv4 header."""
    FRAGMENT = 8
    """A part of a packet."""
    OTHER_ADDRESS = 9
    """To another IPv4 address."""
    BAD_SOURCE = 10
    """From a group, from all, from 0.0.0.0/8 or 127.0.0.0/8: an answer would go astray."""
    OTHER_PROTOCOL = 11
    """Neither UDP nor an ICMP echo request."""
    OTHER_PORT = 12
    """UDP to another port."""
    BAD_LENGTH = 13
    """Lengths of frame, IPv4 and UDP that do not fit each other, or no data."""
    BAD_CHECKSUM = 14
    """Wrong checksum of UDP or ICMP."""
    FULL = 15
    """No room: sent faster than it is taken."""

    @property
    def counter(self) -> Counter:
        """The counter of the link that counts it."""
        match self:
            case PacketDrop.DAMAGED | PacketDrop.RUNT | PacketDrop.OVERSIZE:
                return Counter.DAMAGED_PACKETS
            case PacketDrop.FULL:
                return Counter.LOST_PACKETS
        return Counter.OTHER_PACKETS if self.name.startswith("OTHER") else Counter.BAD_PACKETS
