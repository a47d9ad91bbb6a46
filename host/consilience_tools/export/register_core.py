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

__all__ = ["Bus", "RegisterCore"]


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

    def verilog(self) -> str:
        """Return the Verilog of the module and all below it."""
        top = AxiTop(self.unit) if self.bus is Bus.AXI_LITE else self.unit
        return to_verilog(top, self.name, self.fabric.platform)
