"""What is exported: the parameters, and the Verilog."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from consilience.errors import BadInput
from consilience_hw.conversion import to_verilog
from consilience_hw.log_sum_exp.axi_log_sum_exp import LANE_BITS, AxiLogSumExp, AxiTop
from consilience_hw.spec.log_format import Q16_16, LogFormat
from consilience_sim.netlists.fabric import Fabric
from consilience_tools.export.ports import Port, ports_of

__all__ = ["Core", "parse_fabric", "parse_format"]

_MEANINGS = {
    "aclk": "clock; everything happens at its rising edge",
    "aresetn": "reset, low, at a rising edge of aclk; one cycle is enough",
    "s_axis_tvalid": "a beat of codes is offered",
    "s_axis_tready": "it is taken",
    "s_axis_tdata": "codes, lane 0 lowest, 32 bits each",
    "s_axis_tkeep": "a lane is used if the four bits of its bytes are all set",
    "s_axis_tlast": "the packet ends with this beat",
    "s_axis_tuser": "with s_axis_tlast: its result ends a packet of results",
    "m_axis_tvalid": "a result is offered",
    "m_axis_tready": "it is taken",
    "m_axis_tdata": "the log sum's code, sign-extended to 32 bits",
    "m_axis_tlast": "this result ends a packet of results",
    "m_axis_tuser": "status: bit 0 saturated, bit 1 over capacity, bit 2 hard to round",
}


@dataclass(frozen=True)
class Core:
    """A log sum unit behind AXI4-Streams.

    Parameters
    ----------
    lanes : int
        Codes per beat, 1..64.
    fmt : LogFormat
        Number format.
    small : bool
        The unit that takes one packet at a time.
    fabric : Fabric
        What the file is for. Only that for ECP5 instantiates cells.

    Raises
    ------
    BadInput
        A number of lanes that no unit has.
    """

    lanes: int
    fmt: LogFormat = Q16_16
    small: bool = False
    fabric: Fabric = Fabric.GENERIC

    def __post_init__(self) -> None:
        if not 1 <= self.lanes <= 64:
            raise BadInput(f"--lanes must be in 1..64, not {self.lanes}")

    @property
    def name(self) -> str:
        """Name of the Verilog module and of its files, another one for each core.

        So cores of several sizes, formats or fabrics go into one design.
        """
        kind = "_small" if self.small else ""
        digits = "" if self.fmt == Q16_16 else "_" + str(self.fmt).lower().replace(".", "_")
        fabric = "" if self.fabric is Fabric.GENERIC else f"_{self.fabric.value}"
        return f"consilience_log_sum_exp_x{self.lanes}{digits}{kind}{fabric}"

    @cached_property
    def top(self) -> Any:
        """The `AxiTop`."""
        return AxiTop(AxiLogSumExp(self.fmt, self.lanes, serial=self.small))

    @property
    def latency(self) -> int:
        """Cycles from a packet's last beat to its result."""
        return int(self.top.core.latency)

    @property
    def depth(self) -> int:
        """Packets that are let in for sure while none leaves."""
        return int(self.top.core.unit.room)

    @property
    def beat_bits(self) -> int:
        """Bits of a beat in the testbench's vectors: data, keep, last, user."""
        return (LANE_BITS + LANE_BITS // 8) * self.lanes + 2

    @property
    def ports(self) -> list[Port]:
        """The ports of the Verilog module, in order."""
        return ports_of(self.top, _MEANINGS)

    def verilog(self) -> str:
        """Return the Verilog of the module and all below it."""
        return to_verilog(self.top, self.name, self.fabric.platform)


def parse_format(text: str) -> LogFormat:
    """Return the format that is written ``Q16.16``: integer bits, sign included, and fraction bits.

    Its mantissas have 8 bits more than the fraction, its bins the usual width.

    Raises
    ------
    BadInput
        Not of this form, or no format that a unit can have.
    """
    integer, point, fraction = text.removeprefix("Q").partition(".")
    if not (text.startswith("Q") and point and integer.isdecimal() and fraction.isdecimal()):
        raise BadInput(f"{text}: no number format; give one as Q16.16")
    try:
        return LogFormat(int(integer), int(fraction), mantissa_bits=int(fraction) + 8)
    except ValueError as error:
        raise BadInput(f"{text}: {error}") from None


def parse_fabric(text: str) -> Fabric:
    """Return the fabric of that name.

    Raises
    ------
    BadInput
        There is none.
    """
    try:
        return Fabric(text)
    except ValueError:
        names = ", ".join(one.value for one in Fabric)
        raise BadInput(f"--fabric {text}: no such fabric; there are {names}") from None
