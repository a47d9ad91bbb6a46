"""What a bit depends on, through any number of registers: the sequential cone of influence."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.campaigns.verify.formal.netlist import Netlist

__all__ = ["Cone", "cone_of", "register_bits"]

BITWISE = {"$and", "$or", "$xor", "$xnor", "$not", "$pos", "$buf", "$mux", "$pmux", "$bwmux"}
REGISTER = {"$dff", "$dffe", "$sdff", "$sdffe", "$sdffce", "$adff", "$adffe", "$ff"}
MEMORY = "$mem_v2"


@dataclass(frozen=True)
class Cone:
    """A set of bits that is closed under dependence.

    Parameters
    ----------
    bits : frozenset
        Every bit that can have an influence, inputs included.
    """

    bits: frozenset[Any]

    def touches(self, bits: Iterable[Any]) -> bool:
        """Return whether any of these bits has an influence."""
        return not self.bits.isdisjoint(bits)


def cone_of(netlist: Netlist, outputs: Iterable[Any], *, in_cycle: bool = False) -> Cone:
    """Return everything that can influence some bits, now or any number of cycles later.

    With `in_cycle` only what can in the same cycle: registers and clocked memories end the cone.

    An over-approximation: a multiplexer, a logic operation and a register pass bits straight
    through; a bit of a memory's word depends on the same bit of what is written and on addresses
    and enables; every other cell's outputs depend on all its inputs.
    """
    sources = _dependences(netlist)
    if in_cycle:
        for bit in _clocked_bits(netlist):
            sources[bit].clear()
    reached: set[Any] = set()
    pending = [bit for bit in outputs if isinstance(bit, int)]
    while pending:
        bit = pending.pop()
        if bit not in reached:
            reached.add(bit)
            pending.extend(sources[bit])
    return Cone(frozenset(reached))


def register_bits(netlist: Netlist) -> set[Any]:
    """Return the output bits of all registers."""
    return {
        bit
        for cell in netlist.module["cells"].values()
        if cell["type"] in REGISTER
        for bit in cell["connections"]["Q"]
        if isinstance(bit, int)
    }


def _clocked_bits(netlist: Netlist) -> set[Any]:
    """Return the output bits of registers and of read ports with a clock."""
    bits = register_bits(netlist)
    for cell in netlist.module["cells"].values():
        if cell["type"] == MEMORY:
            width = int(cell["parameters"]["WIDTH"], 2)
            # A string with the first port's bit at its end.
            clocked = reversed(cell["parameters"]["RD_CLK_ENABLE"])
            for port, enable in enumerate(clocked):
                if enable == "1":
                    bits |= set(cell["connections"]["RD_DATA"][port * width : (port + 1) * width])
    return bits


def _dependences(netlist: Netlist) -> defaultdict[Any, set[Any]]:
    """Return for each driven bit the bits it directly depends on."""
    sources: defaultdict[Any, set[Any]] = defaultdict(set)
    for cell in netlist.module["cells"].values():
        kind, pins = cell["type"], cell["connections"]
        if kind in BITWISE or kind in REGISTER:
            _straight(sources, kind, cell)
        elif kind == MEMORY:
            _columns(sources, cell)
        else:
            directions = cell["port_directions"]
            inputs = {
                bit
                for pin, bits in pins.items()
                if directions[pin] != "output"
                for bit in bits
                if isinstance(bit, int)
            }
            for pin, bits in pins.items():
                if directions[pin] != "input":
                    for bit in bits:
                        sources[bit] |= inputs
    return sources


def _straight(sources: defaultdict[Any, set[Any]], kind: str, cell: dict[str, Any]) -> None:
    """Add a cell whose output bits depend on the same bits of its data inputs, and on the rest."""
    pins = cell["connections"]
    out = "Q" if kind in REGISTER else "Y"
    wide = {"D", "AD"} if kind in REGISTER else {"A", "B"}
    if kind == "$bwmux":
        wide |= {"S"}
    width = len(pins[out])
    shared = {bit for pin, bits in pins.items() if pin not in wide | {out} for bit in bits}
    for index, bit in enumerate(pins[out]):
        sources[bit] |= {source for source in shared if isinstance(source, int)}
        for pin in wide & pins.keys():
            bits = pins[pin]
            # A short operand is extended by its last bit; a $pmux has several words in B.
            chosen = bits[index::width] if index < len(bits) else bits[-1:]
            sources[bit] |= {source for source in chosen if isinstance(source, int)}


def _columns(sources: defaultdict[Any, set[Any]], cell: dict[str, Any]) -> None:
    """Add a memory: column by column, but for addresses and enables, which reach every bit."""
    pins = cell["connections"]
    width = int(cell["parameters"]["WIDTH"], 2)
    shared = {
        bit
        for pin, bits in pins.items()
        if pin not in {"RD_DATA", "WR_DATA", "WR_EN", "RD_CLK", "WR_CLK"}
        for bit in bits
    }
    for index, bit in enumerate(pins["RD_DATA"]):
        column = index % width
        written = {*pins["WR_DATA"][column::width], *pins["WR_EN"][column::width]}
        sources[bit] |= {source for source in shared | written if isinstance(source, int)}
