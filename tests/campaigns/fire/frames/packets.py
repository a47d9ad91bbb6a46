"""Frames of hosts and strangers, from RFCs 768, 791, 792 and 826: no code of the gateware."""

import struct
from itertools import pairwise
from typing import NamedTuple

from consilience_hw.spec.network import NetworkAddress
from tests.hw.ethernet.packet_oracle import checksum

__all__ = [
    "ALL",
    "ARP",
    "ICMP",
    "IPV4",
    "UDP",
    "Station",
    "arp",
    "echo",
    "fragments",
    "ipv4",
    "right_sum",
    "udp",
    "udp_sum",
]

ALL = b"\xff" * 6
IPV4, ARP = b"\x08\x00", b"\x08\x06"
ICMP, UDP = 1, 17


class Station(NamedTuple):
    """Addresses as they travel, and a UDP port."""

    mac: bytes
    ip: bytes
    port: int

    @classmethod
    def of(cls, address: NetworkAddress) -> "Station":
        """Return those of a device."""
        return cls(address.mac_bytes, address.ip_bytes, address.port)


def right_sum(data: bytes, place: int) -> bytes:
    """Return data with the checksum that is right, at a place where there are zeros."""
    return data[:place] + (checksum(data) ^ 0xFFFF).to_bytes(2, "big") + data[place + 2 :]


def ipv4(
    source: Station,
    to: Station,
    protocol: int,
    inner: bytes,
    *,
    parts: int = 0x4000,
    number: int = 7,
) -> bytes:
    """Return a frame with an IPv4 packet; `parts` are its flags and fragment offset."""
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(inner), number, parts, 64, protocol, 0)
    head = right_sum(head + source.ip + to.ip, 10)
    return to.mac + source.mac + IPV4 + head + inner


def udp_sum(source: bytes, to: bytes, datagram: bytes) -> bytes:
    """Return the checksum of a UDP datagram in which it is 0, with its pseudo header."""
    pseudo = source + to + struct.pack("!BBH", 0, UDP, len(datagram))
    return (checksum(pseudo + datagram) ^ 0xFFFF or 0xFFFF).to_bytes(2, "big")


def udp(source: Station, to: Station, data: bytes, *, checked: bool = True) -> bytes:
    """Return a frame with a UDP datagram."""
    head = struct.pack("!HHHH", source.port, to.port, 8 + len(data), 0)
    check = udp_sum(source.ip, to.ip, head + data) if checked else b"\0\0"
    return ipv4(source, to, UDP, head[:6] + check + data)


def echo(source: Station, to: Station, data: bytes) -> bytes:
    """Return a frame with an ICMP echo request."""
    return ipv4(source, to, ICMP, right_sum(struct.pack("!BBHHH", 8, 0, 0, 1, 2) + data, 2))


def arp(
    operation: int,
    source: Station,
    claimed: bytes,
    asked: bytes,
    *,
    to: bytes = ALL,
    target: bytes = bytes(6),
) -> bytes:
    """Return a frame of ARP: 1 asks, 2 tells; `source` says that `claimed` is its address."""
    head = to + source.mac + ARP + struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation)
    return head + source.mac + claimed + target + asked


def fragments(frame: bytes, places: list[int], number: int) -> list[bytes]:
    """Return the parts of an IPv4 packet, cut at places that are multiples of 8."""
    (total,) = struct.unpack("!H", frame[16:18])
    inner = frame[34 : 14 + total]
    parts = []
    for first, stop in pairwise([0, *places, len(inner)]):
        flags = (0x2000 if stop < len(inner) else 0) | first // 8
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + stop - first, number, flags, 64, frame[23], 0)
        parts.append(frame[:14] + right_sum(head + frame[26:34], 10) + inner[first:stop])
    return parts
