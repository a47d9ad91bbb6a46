"""Registers behind the block RAMs of an ECP5, moved into the RAMs' own output registers.

A DP16KD takes 4.1 ns from its clock to its data, or 0.7 ns if they pass through its output
register (speed 8). Yosys never uses that register: where a design registers what it has read, the
flip-flops lie outside, behind those 4.1 ns and a wire. This pass on the netlist moves them inside.

A port is changed only if the design does the same afterwards, cycle by cycle:

- each output bit that is used goes to one place, the data input of a flip-flop;
- that flip-flop has the port's clock, the same edge, is always enabled, is never set or reset, and
  is 0 before its first clock, as the output register is;
- the port is always enabled, its output register too, and neither is ever reset;
- the port has 1 to 18 bits: with 36, one port's data come out of both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consilience_tools.place_and_route.netlist_cells import Reader, parameter_of, readers_of

__all__ = ["Moved", "use_ram_output_registers"]


@dataclass(frozen=True)
class Moved:
    """How much was moved: ports of block RAMs, and the flip-flops that went."""

    ports: int
    registers: int


def use_ram_output_registers(netlist: Mapping[str, Any], top: str) -> Moved:
    """Move registers into block RAMs, in place.

    Parameters
    ----------
    netlist : mapping
        As yosys' ``write_json`` writes it after ``synth_ecp5``.
    top : str
        Name of the module.
    """
    module = netlist["modules"][top]
    cells: dict[str, Any] = module["cells"]
    sinks = readers_of(module)
    ports = registers = 0
    for ram in [cell for cell in cells.values() if cell["type"] == "DP16KD"]:
        for side in "AB":
            behind = _registers_behind(ram, side, cells, sinks)
            for port, register in behind.items():
                ram["connections"][port] = cells.pop(register)["connections"]["Q"]
            if behind:
                ram["parameters"][f"REGMODE_{side}"] = "OUTREG"
                ports += 1
                registers += len(behind)
    return Moved(ports, registers)


def _registers_behind(
    ram: Mapping[str, Any],
    side: str,
    cells: Mapping[str, Any],
    sinks: Mapping[int, list[Reader]],
) -> dict[str, str]:
    """Return the flip-flop behind each used output of a port; none if any cannot be moved."""
    if not _takes_a_register(ram, side):
        return {}
    clock = ram["connections"][f"CLK{side}"]
    edge = parameter_of(ram, f"CLK{side}MUX", f"CLK{side}") == f"CLK{side}"
    behind = {}
    for port, bits in ram["connections"].items():
        if not port.startswith(f"DO{side}") or not bits or not sinks.get(bits[0]):
            continue
        reads = sinks[bits[0]]
        if len(reads) != 1 or reads[0][1] != "DI":
            return {}
        name = reads[0][0]
        if not _only_delays(cells.get(name), clock, rising=edge):
            return {}
        behind[port] = name
    return behind


def _takes_a_register(ram: Mapping[str, Any], side: str) -> bool:
    """Return whether a port has an output register to spare that does nothing but delay."""
    return (
        parameter_of(ram, f"REGMODE_{side}", "NOREG") == "NOREG"
        and all(_number(ram, f"DATA_WIDTH_{one}", 18) <= 18 for one in "AB")
        and parameter_of(ram, "GSR", "ENABLED") == "DISABLED"
        and parameter_of(ram, f"CLK{side}MUX", f"CLK{side}") in (f"CLK{side}", "INV")
        and _constant(ram, f"CE{side}") == "1"
        and parameter_of(ram, f"CE{side}MUX", f"CE{side}") == f"CE{side}"
        and _constant(ram, f"OCE{side}") == "1"
        and parameter_of(ram, f"OCE{side}MUX", f"OCE{side}") == f"OCE{side}"
        and _constant(ram, f"RST{side}") == "0"
        and parameter_of(ram, f"RST{side}MUX", f"RST{side}") == f"RST{side}"
    )


def _only_delays(register: Mapping[str, Any] | None, clock: list[Any], *, rising: bool) -> bool:
    """Return whether a cell is a flip-flop of that clock with nothing but data in and out."""
    if register is None or register["type"] != "TRELLIS_FF":
        return False
    enable = parameter_of(register, "CEMUX", "1")
    return (
        register["connections"]["CLK"] == clock
        and parameter_of(register, "CLKMUX", "CLK") == ("CLK" if rising else "INV")
        and (enable == "1" or (enable == "CE" and _constant(register, "CE") == "1"))
        and parameter_of(register, "LSRMUX", "LSR") == "LSR"
        and _constant(register, "LSR", unconnected="0") == "0"
        and parameter_of(register, "REGSET", "RESET") == "RESET"
        and parameter_of(register, "GSR", "ENABLED") == "DISABLED"
        and not register["connections"].get("M")
        and not int(str(register["attributes"].get("keep", "0")), 2)
    )


def _number(cell: Mapping[str, Any], name: str, default: int) -> int:
    value = cell["parameters"].get(name, default)
    return int(value, 2) if isinstance(value, str) else int(value)


def _constant(cell: Mapping[str, Any], port: str, *, unconnected: str = "") -> str:
    """Return "0" or "1" if a port of one bit is tied to it, "" if it is driven or unknown."""
    bits = cell["connections"].get(port) or [unconnected]
    return bits[0] if bits[0] in ("0", "1") else ""
