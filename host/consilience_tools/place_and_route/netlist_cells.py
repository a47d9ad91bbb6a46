"""What passes over a netlist of yosys look up: who reads a net, and a cell's parameters."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

__all__ = ["Reader", "parameter_of", "readers_of"]

Reader = tuple[str, str, int]
"""Cell, port and bit of it that read a net; the empty cell stands for a port of the module."""


def readers_of(module: Mapping[str, Any]) -> dict[Any, list[Reader]]:
    """Return what reads each net of a module, as yosys' ``write_json`` writes it; else nothing."""
    readers: dict[Any, list[Reader]] = defaultdict(list)
    for name, cell in module["cells"].items():
        for port, bits in cell["connections"].items():
            if cell["port_directions"][port] != "output":
                for place, bit in enumerate(bits):
                    readers[bit].append((name, port, place))
    for name, port in module["ports"].items():
        if port["direction"] != "input":
            for place, bit in enumerate(port["bits"]):
                readers[bit].append(("", name, place))
    return readers


def parameter_of(cell: Mapping[str, Any], name: str, default: str) -> str:
    """Return a parameter as text; yosys puts a space behind what else would look like a number."""
    return str(cell["parameters"].get(name, default)).strip()
