"""The routed netlist of an ECP5, as nextpnr writes it, as a design."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from consilience_sim.bitstreams.flattening import flattened, serial_board
from consilience_sim.compiled.design import Design

__all__ = ["ecp5_netlist", "with_models"]

_TRELLIS = Path(__file__).with_name("trellis.v")
_CELLS = Path(__file__).parents[1] / "netlists"
_MODELS = (_TRELLIS, _CELLS / "dp16kd.v", _CELLS / "mult18x18d.v")

_OPEN = {
    # Inputs of look-up tables are pulled up where no wire comes in.
    "TRELLIS_COMB": dict.fromkeys("ABCD", "1"),
}
"""What an input is where nothing is connected; 0 unless it stands here."""

_UNUSED = {
    *(f"{port}{place}" for port in ("C", "SRIA", "SRIB") for place in range(18)),
    *(f"{port}{number}" for port in ("CLK", "CE", "RST") for number in (1, 2, 3)),
}
"""Pins of a multiplier that nextpnr adds, and of which the model has none."""

_IO = {"INPUT": ("BOARD_INPUT", "BO"), "OUTPUT": ("BOARD_OUTPUT", "IB")}


def ecp5_netlist(netlist: str, *, top: str, clk: str, rx: str, tx: str) -> Design:
    """Return a routed netlist as gates: a minute or so, once.

    Parameters
    ----------
    netlist : str
        What nextpnr-ecp5 writes with ``--write``.
    top : str
        Its module.
    clk, rx, tx : str
        Ports of it.

    Raises
    ------
    BuildFailed
        Yosys failed.
    ValueError
        A cell that has no model here.
    """
    module = json.loads(netlist)["modules"][top]
    return with_models(module, serial_board(clk=clk, rx=rx, tx=tx))


def with_models(module: dict[str, Any], board: str) -> Design:
    """Return a routed module, which is changed, on a board (see `flattened`).

    Raises as `ecp5_netlist` does.
    """
    for name, cell in module["cells"].items():
        _normalise(name, cell)
    # Names of wires are of no use from here on, and are most of the text.
    module["netnames"] = {}
    routed = json.dumps({"modules": {"chip": module}}, separators=(",", ":"))
    return flattened("chip.json", routed, _MODELS, board=board)


def _normalise(name: str, cell: dict[str, Any]) -> None:
    """Connect what is open, and split the pins; the cell is changed."""
    kind, wires = cell["type"], cell["connections"]
    cell["attributes"] = {}
    if kind == "TRELLIS_IO":
        direction = cell["parameters"].get("DIR", "")
        if direction not in _IO:
            raise ValueError(f"{name}: a pin of direction {direction!r} has no model")
        cell["type"], pins = _IO[direction]
        cell["parameters"] = {}
        cell["connections"] = {pin: wires.get(pin, []) for pin in pins}
        cell["port_directions"] = dict(zip(pins, ("input", "output"), strict=True))
        return
    if kind in ("DP16KD", "MULT18X18D"):
        _tie(name, cell)
    if kind == "MULT18X18D":
        _only_the_product(name, cell)
    if kind == "TRELLIS_COMB" and wires.get("FXA"):
        cell["parameters"]["IS_Z1"] = "1"
    open_as: Mapping[str, str] = _OPEN.get(kind, {})
    for pin, direction in cell["port_directions"].items():
        if direction == "input" and not wires.get(pin):
            wires[pin] = [open_as.get(pin, "0")]
    # Pins that nextpnr leaves out altogether.
    for pin, level in open_as.items():
        wires.setdefault(pin, [level])
        cell["port_directions"].setdefault(pin, "input")


def _tie(name: str, cell: dict[str, Any]) -> None:
    """Connect the open pins of a block RAM or a multiplier as its parameters ``..MUX`` say.

    Open wires are pulled up: an open pin is 1, unless its multiplexer takes 0 or inverts it.
    """
    parameters, wires = cell["parameters"], cell["connections"]
    for pin, direction in cell["port_directions"].items():
        if direction != "input" or pin in _UNUSED:
            continue
        chosen = parameters.pop(f"{pin}MUX", pin).strip()
        if not wires.get(pin):
            wires[pin] = ["0" if chosen in ("0", "INV") else "1"]
        elif chosen != pin:
            raise ValueError(f"{name}: {pin} through {chosen} has no model")


def _only_the_product(name: str, cell: dict[str, Any]) -> None:
    """Take away the pins of a multiplier that the model has not; they must be open."""
    for pin in _UNUSED & cell["connections"].keys():
        if cell["connections"].pop(pin):
            raise ValueError(f"{name}: {pin} of a multiplier has no model")
        cell["port_directions"].pop(pin)
