"""The registers by which a CPU uses a log sum unit: for gateware, C header, bench and docs.

Registers have 32 bits, at offsets of whole words, read and written whole. A packet is written code
by code: `CODE`, ..., then `LAST`, which is a code and the end, or `END`, which is the end alone.
Results wait in order: `RESULT` and `RESULT_STATUS` show the oldest until `NEXT` is written.

No access waits, and no read changes anything. What cannot be done is not done: it gets the bus's
error response, sets `Status.REFUSED`, which stays, and is counted in `REFUSALS`. That is: a write
that `Status.READY` does not allow, a result that is not there, a write to what is read-only, a read
of what is write-only, an address without a register, a write of less than a word, and a number that
is no code of the format. So a program that ignores bus errors asks once, at its end.
"""

from dataclasses import dataclass
from enum import Enum, IntFlag

__all__ = [
    "MAGIC",
    "MAP_REVISION",
    "REGISTERS",
    "WINDOW_BYTES",
    "Access",
    "Control",
    "Interrupt",
    "Register",
    "Status",
    "register",
]

MAGIC = 0x4353_4C45
"""What `MAGIC` reads as: "CSLE", the highest byte first."""

MAP_REVISION = 1
"""Changes with whatever a program could notice."""

WINDOW_BYTES = 0x80
"""Size of the registers' window; addresses beyond a register are refused."""


class Access(Enum):
    """What may be done with a register."""

    READ = "read"
    WRITE = "write"
    BOTH = "read, write"


class Status(IntFlag):
    """Bits of `STATUS`."""

    READY = 1
    """A code or an end would be taken."""
    AVAILABLE = 2
    """A result waits."""
    INSIDE = 4
    """At least one packet has ended whose result has not been taken."""
    REFUSED = 8
    """Something was refused since the last reset or `Control.FORGIVE`."""


class Control(IntFlag):
    """Bits of `CONTROL`; each acts when a 1 is written."""

    RESET = 1
    """All packets and results are gone, counters are 0, `INTERRUPTS` is 0."""
    FORGIVE = 2
    """`Status.REFUSED` and `REFUSALS` are cleared."""


class Interrupt(IntFlag):
    """Bits of `INTERRUPTS` and `PENDING`."""

    AVAILABLE = 1
    """A result waits."""
    REFUSED = 2
    """Something was refused."""


@dataclass(frozen=True)
class Register:
    """A register.

    Parameters
    ----------
    name : str
    offset : int
        In bytes.
    access : Access
    text : str
        What it is, in a sentence without its full stop.
    flags : type of IntFlag, optional
        Its bits.
    """

    name: str
    offset: int
    access: Access
    text: str
    flags: type[IntFlag] | None = None

    @property
    def readable(self) -> bool:
        """Return whether it may be read."""
        return self.access is not Access.WRITE

    @property
    def writable(self) -> bool:
        """Return whether it may be written."""
        return self.access is not Access.READ


REGISTERS = (
    Register("MAGIC", 0x00, Access.READ, f"{MAGIC:#010x}: these registers are here"),
    Register(
        "VERSION",
        0x04,
        Access.READ,
        "bits 31 to 8: version of the gateware, major, minor, patch, a byte each; bits 7 to 0: "
        "revision of this map",
    ),
    Register(
        "FORMAT",
        0x08,
        Access.READ,
        "bits 7 to 0: integer bits of a code, its sign included; bits 15 to 8: fraction bits; bits "
        "23 to 16: fraction bits of a mantissa",
    ),
    Register(
        "LATENCY",
        0x0C,
        Access.READ,
        "cycles from a packet's end in the unit to its result, if no other result waits",
    ),
    Register("STATUS", 0x10, Access.READ, "what may be done now", Status),
    Register("CONTROL", 0x14, Access.WRITE, "what is to be done", Control),
    Register(
        "INTERRUPTS",
        0x18,
        Access.BOTH,
        "which conditions raise the interrupt line, as long as they last",
        Interrupt,
    ),
    Register(
        "PENDING", 0x1C, Access.READ, "conditions that raise the interrupt line now", Interrupt
    ),
    Register("CODE", 0x20, Access.WRITE, "a code of the packet, sign-extended"),
    Register("LAST", 0x24, Access.WRITE, "a code of the packet, and its end"),
    Register("END", 0x28, Access.WRITE, "the packet's end, without a code; any value"),
    Register("RESULT", 0x2C, Access.READ, "the oldest result's code, sign-extended"),
    Register(
        "RESULT_STATUS",
        0x30,
        Access.READ,
        "the oldest result's status: bit 0 saturated, 1 over capacity, 2 hard to round",
    ),
    Register("NEXT", 0x34, Access.WRITE, "the oldest result goes; any value"),
    Register("CODES", 0x38, Access.READ, "codes taken since the last reset, modulo 2^32"),
    Register("PACKETS", 0x3C, Access.READ, "packets ended since the last reset, modulo 2^32"),
    Register(
        "RESULTS",
        0x40,
        Access.READ,
        "results that went by `NEXT` since the last reset, modulo 2^32",
    ),
    Register("REFUSALS", 0x44, Access.READ, "what was refused, up to 2^32 - 1"),
)
"""All registers, by offset."""


def register(name: str) -> Register:
    """Return the register of that name."""
    return next(one for one in REGISTERS if one.name == name)
