"""What is exported for a CPU: a log sum unit behind the registers of `spec.register_map`."""

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

from consilience_hw.bus.axi_lite import AxiLiteLogSumExp
from consilience_hw.bus.wishbone import WishboneLogSumExp
from consilience_hw.conversion import to_verilog
from consilience_hw.log_sum_exp.axi_log_sum_exp import AxiTop
from consilience_hw.spec.log_format import Q16_16, LogFormat
from consilience_sim.netlists.fabric import Fabric
from consilience_tools.export.ports import Port, ports_of

__all__ = ["Bus", "RegisterCore"]

_AXI_LITE = {
    "aclk": "clock; everything happens at its rising edge",
    "aresetn": "reset, low, at a rising edge of aclk; one cycle is enough",
    "s_axi_awvalid": "an address to write to is offered",
    "s_axi_awready": "it is taken",
    "s_axi_awaddr": "in bytes, from the window's first",
    "s_axi_awprot": "not read",
    "s_axi_wvalid": "a word to write is offered",
    "s_axi_wready": "it is taken",
    "s_axi_wdata": "the word",
    "s_axi_wstrb": "bytes of it; a write of less than a word is refused",
    "s_axi_bvalid": "the answer to a write is offered",
    "s_axi_bready": "it is taken",
    "s_axi_bresp": "0 done, 2 (SLVERR) refused",
    "s_axi_arvalid": "an address to read from is offered",
    "s_axi_arready": "it is taken",
    "s_axi_araddr": "in bytes, from the window's first",
    "s_axi_arprot": "not read",
    "s_axi_rvalid": "the answer to a read is offered",
    "s_axi_rready": "it is taken",
    "s_axi_rdata": "the word",
    "s_axi_rresp": "0 done, 2 (SLVERR) refused",
    "irq": "high as long as a condition lasts that INTERRUPTS enables",
}
_WISHBONE = {
    "clk": "clock; everything happens at its rising edge",
    "rst": "reset, high, at a rising edge of clk; one cycle is enough",
    "wb_cyc": "a bus cycle lasts",
    "wb_stb": "an access is asked for, until it is answered",
    "wb_we": "it is a write",
    "wb_adr": "in words, from the window's first",
    "wb_dat_w": "the word to write",
    "wb_sel": "bytes of it; a write of less than a word is refused",
    "wb_dat_r": "the word that was read, with wb_ack",
    "wb_ack": "done",
    "wb_err": "refused",
    "irq": "high as long as a condition lasts that INTERRUPTS enables",
}


class Bus(Enum):
    """By which a CPU comes to the registers."""

    AXI_LITE = "axi-lite"
    WISHBONE = "wishbone"


@dataclass(frozen=True)
class RegisterCore:
    """A log sum unit of one lane behind registers: a bus brings one code at a time.

    Parameters
    ----------
    bus : Bus
    fmt : LogFormat
        Number format.
    small : bool
        The unit that takes one packet at a time.
    fabric : Fabric
        What the file is for.
    """

    bus: Bus
    fmt: LogFormat = Q16_16
    small: bool = False
    fabric: Fabric = Fabric.GENERIC

    lanes = 1
    """Codes that come at a time."""

    @property
    def name(self) -> str:
        """Name of the Verilog module and of its files, another one for each core."""
        kind = "_small" if self.small else ""
        digits = "" if self.fmt == Q16_16 else "_" + str(self.fmt).lower().replace(".", "_")
        fabric = "" if self.fabric is Fabric.GENERIC else f"_{self.fabric.value}"
        bus = self.bus.value.replace("-", "_")
        return f"consilience_log_sum_exp_{bus}{digits}{kind}{fabric}"

    @cached_property
    def unit(self) -> Any:
        """The unit behind its bus."""
        kind = AxiLiteLogSumExp if self.bus is Bus.AXI_LITE else WishboneLogSumExp
        return kind(self.fmt, serial=self.small)

    @property
    def latency(self) -> int:
        """Cycles from a packet's end in the unit to its result."""
        return int(self.unit.latency)

    @property
    def depth(self) -> int:
        """Packets that are let in for sure while none leaves."""
        return int(self.unit.registers.unit.room)

    @property
    def ports(self) -> list[Port]:
        """The ports of the Verilog module."""
        return ports_of(self._top, _AXI_LITE if self.bus is Bus.AXI_LITE else _WISHBONE)

    def verilog(self) -> str:
        """Return the Verilog of the module and all below it."""
        return to_verilog(self._top, self.name, self.fabric.platform)

    @property
    def _top(self) -> Any:
        return AxiTop(self.unit) if self.bus is Bus.AXI_LITE else self.unit
