"""What can happen to a datagram, and in which direction."""

from enum import Enum
from typing import NamedTuple

from tests.campaigns.fire.faults import Direction

__all__ = ["CELLS", "MEANINGS", "DatagramCell", "Trouble"]


class Trouble(Enum):
    """A fault of a network, or somebody's malice."""

    LOST = "lost"
    DOUBLED = "doubled"
    LATE = "late"
    DAMAGED = "damaged"
    CUT = "cut short"
    FRAGMENTED = "fragmented"
    OVERSIZE = "oversize"
    REPLAYED = "replayed"
    FLOOD = "flood"
    REFUSED = "refused"
    ASTRAY = "astray"
    TAKEN = "taken over"
    RESET = "reset"


MEANINGS = {
    Trouble.LOST: "it never arrives",
    Trouble.DOUBLED: "it arrives two to four times",
    Trouble.LATE: "it comes up to 14 time-outs late, behind those sent after it",
    Trouble.DAMAGED: "1 to 8 of its bytes are others, and the checksums of the network are right",
    Trouble.CUT: "only its first bytes arrive, often without the zero at its end",
    Trouble.FRAGMENTED: "it arrives as two to four datagrams",
    Trouble.OVERSIZE: "up to 1,400 bytes more are behind it",
    Trouble.REPLAYED: "an earlier one, perhaps of another session, arrives before it",
    Trouble.FLOOD: "up to 100 datagrams of a stranger arrive before it: noise, frames with a wrong "
    "nonce, replies; with more than the device has buffers it is lost. Those to the host bear the "
    "device's address: others the kernel drops",
    Trouble.REFUSED: "an ICMP error comes in its place: port or host unreachable, no buffer",
    Trouble.ASTRAY: "it and all others both ways are lost for up to 6 time-outs: somebody's ARP "
    "replies draw them elsewhere",
    Trouble.TAKEN: "a stranger's HELLO, or a whole call of one, comes before it",
    Trouble.RESET: "the device is reset just before it",
}


class DatagramCell(NamedTuple):
    """A cell of the table that a campaign fills."""

    trouble: Trouble
    direction: Direction


_ONE_WAY = {
    Trouble.REFUSED: Direction.TO_HOST,
    Trouble.TAKEN: Direction.TO_DEVICE,
    Trouble.RESET: Direction.TO_DEVICE,
}

CELLS = tuple(
    DatagramCell(trouble, direction)
    for trouble in Trouble
    for direction in Direction
    if _ONE_WAY.get(trouble, direction) is direction
)
