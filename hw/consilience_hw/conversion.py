"""A unit by itself as Verilog, for designs that are not written in Amaranth."""

import re

from amaranth.back import verilog
from amaranth.hdl import Value
from amaranth.hdl._ir import PortDirection
from amaranth.lib import wiring

__all__ = ["component_ports", "to_verilog"]

_AUTO = re.compile(r"\\\$auto\$[\w.]+:\d+:\w+\$(\d+)(?= )")
"""What Yosys calls wires and variables of its own: a VCD file with such a name, with its colons,
is one on which GTKWave gives up."""

_TRIGGER = re.compile(r"^  reg (yosys_\d+)  = 0;$", re.MULTILINE)
"""What each ``always @*`` of Yosys reads, so that it runs at time 0, too. Where a simulator gives
such a variable its value before any block runs, as SystemVerilog wants it, nothing changes, and no
block runs: with a reset that is active from the start, Icarus took beats and gave no result. A
non-blocking assignment comes when all blocks wait."""


def component_ports(unit: wiring.Component) -> dict[str, tuple[Value, PortDirection]]:
    """Return the ports of a unit; constants, like the ready of a flow, are none."""
    ports = {}
    for path, member, value in unit.signature.flatten(unit):
        signal = Value.cast(value)
        if hasattr(signal, "name"):
            direction = PortDirection.Input if member.flow == wiring.In else PortDirection.Output
            ports["__".join(map(str, path))] = (signal, direction)
    return ports


def to_verilog(unit: wiring.Component, name: str, platform: object = None) -> str:
    """Return a unit and all below it as Verilog.

    A stream ``i`` has the ports ``i__payload`` (its fields from bit 0 on, in their order),
    ``i__valid`` and ``i__ready``; a flow has no ready. Everything happens at the rising edge of
    ``clk``; ``rst`` is a synchronous reset, high.

    Parameters
    ----------
    unit : wiring.Component
        For example ``Exp2(Q16_16)``.
    name : str
        Of the module; those below it have names that begin with it, so that units of different
        names go into one design.
    platform : object, optional
        What it is for, as ``primitives.ecp5.Ecp5Fabric``; by default plain Verilog for any tool.
    """
    text: str = verilog.convert(
        unit,
        name=name,
        platform=platform,
        ports=component_ports(unit),
        emit_src=False,
        strip_internal_attrs=True,
    )
    text = _AUTO.sub(r"yosys_\1", text)
    return _TRIGGER.sub(r"  reg \1;\n  initial \1 <= 1'b0;", text)
