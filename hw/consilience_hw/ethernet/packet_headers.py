"""The headers of what is sent, byte by byte, with the fields that are not constant."""

from dataclasses import dataclass

from amaranth.hdl import Value, ValueLike

from ..spec.network import NetworkAddress
from .packet_places import ICMP, UDP

__all__ = ["LIFETIME", "HeaderFields", "arp_reply", "echo_reply", "udp_datagram"]

LIFETIME = 64
"""Hops of an IPv4 packet."""


@dataclass(frozen=True)
class HeaderFields:
    """What differs from packet to packet.

    Parameters
    ----------
    peer : Value
        The next byte of the peer's address: it is turned after each use.
    checksum, total : Value
        Of IPv4: 16 bits each.
    udp_length, icmp_checksum : Value
        16 bits each.
    """

    peer: Value
    checksum: Value
    total: Value
    udp_length: Value
    icmp_checksum: Value


def arp_reply(address: NetworkAddress, fields: HeaderFields) -> list[ValueLike]:
    """Return the bytes of a reply to who asked for our station address (RFC 826)."""
    mac, ip = address.mac_bytes, address.ip_bytes
    return [
        *_ethernet(address, 0x06, fields),
        *(0, 1, 8, 0, 6, 4, 0, 2),  # Ethernet, IPv4, lengths of addresses, reply
        *(*mac, *ip),
        *(fields.peer,) * 10,
    ]


def echo_reply(address: NetworkAddress, fields: HeaderFields) -> list[ValueLike]:
    """Return the bytes of an ICMP echo reply before its identifier (RFC 792)."""
    header = (0, 0, *_halves(fields.icmp_checksum))
    return [*_ethernet(address, 0x00, fields), *_ipv4(address, ICMP, fields), *header]


def udp_datagram(address: NetworkAddress, fields: HeaderFields) -> list[ValueLike]:
    """Return the bytes of a datagram from our port before its data, with no checksum (RFC 768)."""
    ours = address.port.to_bytes(2, "big")
    header = (*ours, fields.peer, fields.peer, *_halves(fields.udp_length), 0, 0)
    return [*_ethernet(address, 0x00, fields), *_ipv4(address, UDP, fields), *header]


def _ethernet(
    address: NetworkAddress, lower_type: int, fields: HeaderFields
) -> tuple[ValueLike, ...]:
    return (*(fields.peer,) * 6, *address.mac_bytes, 0x08, lower_type)


def _ipv4(address: NetworkAddress, protocol: int, fields: HeaderFields) -> tuple[ValueLike, ...]:
    return (
        *(0x45, 0, *_halves(fields.total)),
        *(0, 0, 0x40, 0),  # no identification; do not fragment
        *(LIFETIME, protocol, *_halves(fields.checksum)),
        *address.ip_bytes,
        *(fields.peer,) * 4,
    )


def _halves(value: Value) -> tuple[Value, Value]:
    """Return the upper byte of 16 bits, and the lower one."""
    return value[8:16], value[:8]
