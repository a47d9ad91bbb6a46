"""Where things lie in the frames that concern us, and the bytes that they must have."""

from amaranth.lib import data

from ..spec.network import NetworkAddress

__all__ = ["placed_layout"]

BEYOND = 63
"""Place of all bytes from this one on."""

ETHERNET_BYTES, IP_BYTES, UDP_BYTES = 14, 20, 8
UDP, ICMP = 17, 1
"""Protocols of IPv4."""

SOURCE, TYPE = 6, 12
ARP, ARP_SENDER, ARP_TARGET = 14, 22, 38
LENGTH, PARTS, PROTOCOL, IP_SOURCE, IP_TARGET = 16, 20, 23, 26, 30
INNER = ETHERNET_BYTES + IP_BYTES
UDP_PORT, UDP_LENGTH, UDP_CHECKSUM, UDP_DATA = INNER + 2, INNER + 4, INNER + 6, INNER + 8
ICMP_CHECKSUM, ICMP_DATA = INNER + 2, INNER + 4


def placed_layout() -> data.StructLayout:
    """Return the layout of a byte with its place in the frame.

    ``as_arp`` and ``as_ip`` are what it must be in a frame for us, of ARP, and of IPv4.
    """
    return data.StructLayout({"byte": 8, "at": 6, "valid": 1, "as_arp": 8, "as_ip": 8})


def bytes_of_arp(address: NetworkAddress) -> dict[int, int]:
    """Return the bytes of an ARP request to us alone, by place (RFC 826)."""
    request = bytes([0, 1, 8, 0, 6, 4, 0, 1])  # Ethernet, IPv4, lengths of addresses, request
    return {
        **dict(enumerate(address.mac_bytes)),
        **dict(enumerate(b"\x08\x06", TYPE)),
        **dict(enumerate(request, ARP)),
        **dict(enumerate(address.ip_bytes, ARP_TARGET)),
    }


def bytes_of_ip(address: NetworkAddress) -> dict[int, int]:
    """Return the bytes of IPv4 to us: to all stations, UDP to our port, an echo in its place.

    Type and code of an ICMP echo request lie where UDP has the port of its sender.
    """
    return {
        **dict(enumerate(bytes([0xFF] * 6))),
        **dict(enumerate(b"\x08\x00", TYPE)),
        ETHERNET_BYTES: 0x45,  # version 4, a header of 5 words
        **dict(enumerate(address.ip_bytes, IP_TARGET)),
        **dict(enumerate(b"\x08\x00", INNER)),
        **dict(enumerate(address.port.to_bytes(2, "big"), UDP_PORT)),
    }
