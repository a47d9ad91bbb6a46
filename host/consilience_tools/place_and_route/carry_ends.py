"""The ends of an ECP5's carry chains, made so that nextpnr adds no cells to them.

nextpnr puts a CCU2C before a chain whose first carry comes from a net, a constant too, and one
behind a chain whose last carry goes to a net, even if nothing reads it. This pass on the netlist
takes away the reasons that are none:

- a carry out that nothing reads is left open;
- a chain with a constant carry in, whose last cell has an unused upper half, is moved up by one
  half: the half that is free below gives the constant as its carry out, whatever comes in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consilience_tools.place_and_route.netlist_cells import Reader, parameter_of, readers_of

__all__ = ["Ends", "free_carry_ends"]

OPEN = ["x"]
CARRY_OF = {"0": 0x0000, "1": 0x000F}
"""Look-up table of the lowest half by its carry out: rows 0 .. 3, as what it gives is 0. C is 1,
which chooses a row above them."""

_Cell = dict[str, Any]


@dataclass(frozen=True)
class Ends:
    """How many carries were left open, and how many chains were moved."""

    open: int
    moved: int


def free_carry_ends(netlist: Mapping[str, Any], top: str) -> Ends:
    """Free the ends of carry chains, in place; the design does the same.

    Parameters
    ----------
    netlist : mapping
        As yosys' ``write_json`` writes it after ``synth_ecp5``.
    top : str
        Name of the module.
    """
    module = netlist["modules"][top]
    readers = readers_of(module)
    carries = [cell for cell in module["cells"].values() if cell["type"] == "CCU2C"]
    after = {bit: cell for cell in carries if isinstance(bit := _bit(cell, "CIN"), int)}
    opened = moved = 0
    for cell in carries:
        out = _bit(cell, "COUT")
        if isinstance(out, int) and not readers[out]:
            cell["connections"]["COUT"] = OPEN
            opened += 1
    for cell in carries:
        if _bit(cell, "CIN") not in CARRY_OF:
            continue
        chain = [cell]
        while (following := after.get(_bit(chain[-1], "COUT"))) is not None:
            chain.append(following)
        moved += _move_up(chain, readers)
    return Ends(opened, moved)


def _bit(cell: _Cell, port: str) -> Any:
    """Return the net at a port of one bit, or None."""
    return next(iter(cell["connections"].get(port) or ()), None)


def _move_up(chain: list[_Cell], readers: Mapping[Any, list[Reader]]) -> bool:
    """Move a chain up by one half if its last half is free; return whether it was."""
    inner = [_bit(cell, "COUT") for cell in chain[:-1]]
    if (
        _bit(chain[-1], "COUT") not in (None, "x")
        or readers[_bit(chain[-1], "S1")]
        or any(len(readers[carry]) != 1 for carry in inner)
        or any(
            parameter_of(cell, f"INJECT1_{half}", "YES") != "NO" for cell in chain for half in "01"
        )
    ):
        return False
    constant = _bit(chain[0], "CIN")
    below = {"A": ["0"], "B": ["0"], "C": ["1"], "D": ["0"], "S": OPEN}
    table: Any = format(CARRY_OF[constant], "016b")
    for cell in chain:
        wires, parameters = cell["connections"], cell["parameters"]
        for half in "01":
            here = {pin: wires[f"{pin}{half}"] for pin in below}
            wires.update({f"{pin}{half}": bits for pin, bits in below.items()})
            parameters[f"INIT{half}"], table = table, parameters[f"INIT{half}"]
            below = here
    chain[0]["connections"]["CIN"] = OPEN
    return True
