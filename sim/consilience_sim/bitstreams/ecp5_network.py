"""The routed netlist of a network board, at the pins of its PHY."""

import json
from typing import Any

from consilience_sim.bitstreams.ecp5 import with_models
from consilience_sim.compiled.design import Design
from consilience_sim.compiled.emission import TOP

__all__ = ["ecp5_network_netlist"]

_PLL_OUTPUTS = {
    "CLKOP": "pll_network",
    "CLKOS": "pll_late",
    "CLKOS2": "pll_engine",
    "LOCK": "pll_locked",
}
"""Ports in place of the PLL."""

_IO_LOGIC = ("IOLOGIC", "SIOLOGIC")
"""Registers of pins; the second is that of pins at the part's upper edge."""

_QUIET_BITS = 14
"""Of a counter of the engine's cycles for which a board counts as busy after the last byte: longer
than the longest job."""

_BOARD = """\
module {top} (
	input clk, eth_rx_clk, eth_tx_clk, rst, eth_rx_rst, eth_tx_rst,
	input [7:0] rx__data, input rx__valid, rx__error, input [31:0] entropy,
	output [7:0] tx__data, output tx__valid, tx__error,
	output phy_reset, busy, dropped, output [3:0] reason
);
	wire error_too, phy_runs;
	chip chip (
		.pll_engine(clk), .pll_network(eth_tx_clk), .pll_late(1'b0), .pll_locked(1'b1),
		.{phy}__rx_clk__io(eth_rx_clk),
		.{phy}__rx_data__io(rx__data[3:0]), .{phy}__rx_data__io_falling(rx__data[7:4]),
		.{phy}__{rx}__io(rx__valid), .{phy}__{rx}__io_falling(rx__valid ^ rx__error),
		.{phy}__tx_data__io(tx__data[3:0]), .{phy}__tx_data__io_falling(tx__data[7:4]),
		.{phy}__{tx}__io(tx__valid), .{phy}__{tx}__io_falling(error_too),
		.{phy}__rst__io(phy_runs){button}
	);
	assign tx__error = tx__valid ^ error_too;
	assign phy_reset = ~phy_runs;

	// What it does inside is not to be seen at its pins. Gates, as no pass maps sums here.
	reg [{quiet_bits}:0] quiet = 0;
	wire [{quiet_bits}:0] flips = {{flips[{quiet_bits} - 1:0] & quiet[{quiet_bits} - 1:0], 1'b1}};
	always @(posedge clk)
		quiet <= rx__valid | tx__valid ? 0 : busy ? quiet ^ flips : quiet;
	assign busy = ~quiet[{quiet_bits}];
	assign dropped = 1'b0;
	assign reason = 4'b0;
endmodule
"""


def ecp5_network_netlist(netlist: str, *, top: str, phy: str = "eth_rgmii_0") -> Design:
    """Return a routed netlist as gates, with the ports of `EthernetEngine`: a minute or so, once.

    Its three clocks are those of the PLL and of the PHY. A pin with two values per cycle has both
    at its rising edge. Three things are not as in the part: the PLL is in lock from the start;
    resets come with the clock, which at power-up, when all registers are as they begin, is the
    same; and the delays of pins are left out. ``phy_reset`` is what the PHY gets as reset, and
    ``busy`` stands for some time after the last byte at the pins; ``entropy`` and the resets do
    nothing, and what is dropped is not to be seen.

    Parameters
    ----------
    netlist : str
        What nextpnr-ecp5 writes with ``--write``.
    top : str
        Its module.
    phy : str
        What the names of the PHY's pins begin with.

    Raises
    ------
    BuildFailed
        Yosys failed.
    ValueError
        A cell that has no model here.
    """
    module = json.loads(netlist)["modules"][top]
    _split_double_pins(module)
    _take_out_pll(module)
    for cell in module["cells"].values():
        if cell["parameters"].get("SRMODE") == "ASYNC":
            cell["parameters"]["SRMODE"] = "LSR_OVER_CE"
    ports = module["ports"]
    control = "ctl" if f"{phy}__rx_ctl__io" in ports else "ctrl"
    board = _BOARD.format(
        top=TOP,
        phy=phy,
        rx=f"rx_{control}",
        tx=f"tx_{control}",
        quiet_bits=_QUIET_BITS,
        button=",\n\t\t.rst_0__io(1'b1)" if "rst_0__io" in ports else "",
    )
    return with_models(module, board)


def _split_double_pins(module: dict[str, Any]) -> None:
    """Make two ports of each port with double data rate cells: ``..._falling`` is the second."""
    cells, ports = module["cells"], module["ports"]
    pads = {
        wires[pin][0]: name
        for name, cell in cells.items()
        if cell["type"] == "TRELLIS_IO"
        for wires, pin in [(cell["connections"], "O"), (cell["connections"], "IOLDO")]
        if wires.get(pin)
    }
    free = _highest_net(module) + 1
    falling: dict[int, int] = {}
    for name, cell in list(cells.items()):
        if cell["type"] not in _IO_LOGIC:
            continue
        wires, mode = cell["connections"], cell["parameters"].get("MODE")
        if mode != "IDDRX1_ODDRX1" or bool(wires["PADDI"]) == bool(wires["IOLDO"]):
            raise ValueError(f"{name}: a pin's cell in mode {mode} has no model")
        receives = bool(wires["PADDI"])
        pin = cells.pop(pads[(wires["PADDI"] or wires["IOLDO"])[0]])["connections"]["B"]
        falling[pin[0]] = free
        inner = ("RXDATA0", "RXDATA1") if receives else ("TXDATA0", "TXDATA1")
        cells[name] = {
            **cell,
            "type": "BOARD_DDR_INPUT" if receives else "BOARD_DDR_OUTPUT",
            "parameters": {},
            "connections": {
                **{pin: wires[pin] for pin in ("CLK", *inner)},
                "RISING": pin,
                "FALLING": [free],
            },
            "port_directions": {
                "CLK": "input",
                **dict.fromkeys(inner, "output" if receives else "input"),
                **dict.fromkeys(("RISING", "FALLING"), "input" if receives else "output"),
            },
        }
        free += 1
    for name, port in list(ports.items()):
        if falling.keys() & set(port["bits"]):
            ports[f"{name}_falling"] = {**port, "bits": [falling[bit] for bit in port["bits"]]}


def _take_out_pll(module: dict[str, Any]) -> None:
    """Make ports of what the PLL drives."""
    plls = [name for name, cell in module["cells"].items() if cell["type"] == "EHXPLLL"]
    if len(plls) != 1:
        raise ValueError(f"{len(plls)} PLLs, not one, have no model")
    wires = module["cells"].pop(plls[0])["connections"]
    for pin, name in _PLL_OUTPUTS.items():
        module["ports"][name] = {"direction": "input", "bits": wires[pin]}


def _highest_net(module: dict[str, Any]) -> int:
    bits = [
        bit
        for cell in module["cells"].values()
        for wires in cell["connections"].values()
        for bit in wires
    ]
    return max(bit for bit in bits if isinstance(bit, int))
