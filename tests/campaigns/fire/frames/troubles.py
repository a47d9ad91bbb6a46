"""What can happen to a frame, and in which direction."""

from enum import Enum
from typing import NamedTuple

from tests.campaigns.fire.faults import Direction

__all__ = ["CELLS", "MEANINGS", "FrameCell", "FrameTrouble"]


class FrameTrouble(Enum):
    """A fault of a wire, a switch or a PHY, or somebody's malice."""

    LOST = "lost"
    DOUBLED = "doubled"
    LATE = "late"
    DAMAGED = "damaged"
    SIGNALLED = "error told"
    CUT = "cut short"
    RUNT = "runt"
    OVERSIZE = "oversize"
    CHANGED = "changed, FCS right"
    COLLIDING = "changed, all sums right"
    LENGTHS = "wrong lengths"
    CHECKSUM = "wrong checksum"
    FRAGMENTED = "fragments"
    OTHER = "not for the link"
    REPLAYED = "replayed"
    FLOOD = "flood"
    ARP_LIE = "ARP lie"
    ARP_FORGED = "ARP forged question"
    ARP_OLD = "ARP forgotten"
    SOURCE = "impossible source"
    SPOOFED = "spoofed"
    REFUSED = "ICMP error"
    RESET = "reset"


MEANINGS = {
    FrameTrouble.LOST: "it never arrives",
    FrameTrouble.DOUBLED: "it arrives two to four times",
    FrameTrouble.LATE: "it comes up to 14 time-outs late, behind those sent after it",
    FrameTrouble.DAMAGED: "1 to 8 of its bytes are others, its frame check sequence (FCS) is not",
    FrameTrouble.SIGNALLED: "the PHY tells an error at one of its bytes",
    FrameTrouble.CUT: "it ends early, or its preamble has no start delimiter",
    FrameTrouble.RUNT: "one of less than 64 bytes, with a right FCS, comes before it",
    FrameTrouble.OVERSIZE: "it is longer than 1,518 bytes, up to 9,000, with a right FCS",
    FrameTrouble.CHANGED: "1 to 8 bytes of headers or data are others, and the FCS is right, "
    "as when a switch spoils it",
    FrameTrouble.COLLIDING: "its data are changed, and FCS and checksums are right or absent: the "
    "CRC-32 of the link alone can tell",
    FrameTrouble.LENGTHS: "the lengths of IPv4, UDP and the frame do not fit each other",
    FrameTrouble.CHECKSUM: "the checksum of IPv4, UDP or ICMP is wrong",
    FrameTrouble.FRAGMENTED: "its packet comes in two to four fragments, at times out of order or "
    "not all: the device takes none, the host's kernel joins them",
    FrameTrouble.OTHER: "a frame with a VLAN tag, IPv6, IP options, another version, another "
    "protocol, another port or station, or with nothing in it comes before it",
    FrameTrouble.REPLAYED: "an earlier one, perhaps of another session, comes before it",
    FrameTrouble.FLOOD: "up to 40 frames of strangers come before it at line rate: pings, ARP, "
    "broadcasts, datagrams to other ports and to the device's, noise and wrong nonces",
    FrameTrouble.ARP_LIE: "a gratuitous ARP packet or an answer that nobody asked for gives the "
    "host's or the device's address to a stranger; who believes it sends there for up to 6 "
    "time-outs",
    FrameTrouble.ARP_FORGED: "a stranger asks by ARP in the name of the host, of the device or of "
    "nobody",
    FrameTrouble.ARP_OLD: "the host has forgotten the device's station and asks anew",
    FrameTrouble.SOURCE: "a frame comes before it from a group, from all, from 0.0.0.0, from the "
    "loopback or from the device itself",
    FrameTrouble.SPOOFED: "a stranger sends in the host's name: its HELLO, a copy of the host's "
    "request, or a status of its own",
    FrameTrouble.REFUSED: "an ICMP error about it comes in its place",
    FrameTrouble.RESET: "the device is reset before it or amid it",
}


class FrameCell(NamedTuple):
    """A cell of the table that a campaign fills."""

    trouble: FrameTrouble
    direction: Direction


_ONE_WAY = {
    **dict.fromkeys(
        (
            *(FrameTrouble.SIGNALLED, FrameTrouble.RUNT, FrameTrouble.OVERSIZE),
            *(FrameTrouble.LENGTHS, FrameTrouble.ARP_FORGED, FrameTrouble.ARP_OLD),
            *(FrameTrouble.SOURCE, FrameTrouble.SPOOFED, FrameTrouble.RESET),
        ),
        Direction.TO_DEVICE,
    ),
    FrameTrouble.REFUSED: Direction.TO_HOST,
}

CELLS = tuple(
    FrameCell(trouble, direction)
    for trouble in FrameTrouble
    for direction in Direction
    if _ONE_WAY.get(trouble, direction) is direction
)
