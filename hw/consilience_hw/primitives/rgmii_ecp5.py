"""RGMII at the pins of an ECP5: a byte per cycle as two nibbles, one per edge of the clock."""

from typing import Any

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Signal, Value
from amaranth.lib import io, wiring
from amaranth.lib.wiring import In, Out

from ..ethernet.mac_receiver import gmii_port

__all__ = ["RgmiiEcp5", "delay_taps"]

TAP_PS = 25
"""Delay of a tap of a DELAYG, nominal: a cell has 128, and nextpnr's timing knows none of them."""


def delay_taps(delay_ps: int) -> int:
    """Return the taps of a DELAYG for a delay in ps.

    Raises
    ------
    ValueError
        It is longer than the cell's, which would start again from 0 without a word.
    """
    taps = delay_ps // TAP_PS
    if not 0 <= taps < 128:
        raise ValueError(f"a delay must be in 0..{128 * TAP_PS - 1} ps, not {delay_ps}")
    return taps


class RgmiiEcp5(wiring.Component):
    """RGMII's pins as GMII: 125 MHz, 1 Gb/s, full duplex.

    On the rising edge there are the lower nibble and RX_DV or TX_EN; on the falling edge the upper
    nibble, and that bit XOR RX_ER or TX_ER (RGMII 2.0). Somebody has to delay the clock against the
    data by some 2 ns, each way: the PHY, the board's wires, or this.

    Clock domains: ``eth_rx``, to be driven with `receive_clock`, and ``eth_tx``.

    Parameters
    ----------
    pins
        The board's resource as ports, with ``rx_ctl``/``tx_ctl`` or ``rx_ctrl``/``tx_ctrl``.
    receive_delay_ps : int
        By which received data are delayed.

    Members
    -------
    rx, tx : `gmii_port`
        From the pins, in ``eth_rx``, and to them, in ``eth_tx``.
    receive_clock : out
        The clock that the PHY sends.
    transmit_clock : in
        What the PHY gets as clock: that of ``eth_tx``, or as late as it needs.
    """

    def __init__(self, pins: Any, receive_delay_ps: int) -> None:
        self.pins, self.taps = pins, delay_taps(receive_delay_ps)
        super().__init__(
            {
                "rx": Out(gmii_port()),
                "tx": In(gmii_port()),
                "receive_clock": Out(1),
                "transmit_clock": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pins = self.pins
        m.submodules.rx_clk_pin = clock = io.Buffer("i", pins.rx_clk)
        m.d.comb += self.receive_clock.eq(clock.i)
        lower, upper = self._received(m, "rx_data", pins.rx_data)
        valid, valid_xor_error = self._received(m, "rx_ctl", _control(pins, "rx"))
        m.d.comb += [
            self.rx.data.eq(Cat(lower, upper)),
            self.rx.valid.eq(valid),
            self.rx.error.eq(valid ^ valid_xor_error),
        ]
        tx, network = self.tx, ClockSignal("eth_tx")
        _sent(m, "tx_data", pins.tx_data, network, tx.data[:4], tx.data[4:])
        _sent(m, "tx_ctl", _control(pins, "tx"), network, tx.valid, tx.valid ^ tx.error)
        _sent(m, "tx_clk", pins.tx_clk, self.transmit_clock, Const(1, 1), Const(0, 1))
        return m

    def _received(self, m: Module, name: str, port: io.PortLike) -> tuple[Signal, Signal]:
        """Return what was on pins at the rising edge and at the falling one after it."""
        buffer = io.Buffer("i", port)
        m.submodules[f"{name}_pins"] = buffer
        rising = Signal(len(port), name=f"{name}_rising")
        falling = Signal(len(port), name=f"{name}_falling")
        for bit in range(len(port)):
            delayed = Signal(name=f"{name}_delayed_{bit}")
            m.submodules[f"{name}_delay_{bit}"] = Instance(
                "DELAYG",
                p_DEL_MODE="USER_DEFINED",
                p_DEL_VALUE=self.taps,
                i_A=buffer.i[bit],
                o_Z=delayed,
            )
            m.submodules[f"{name}_ddr_{bit}"] = Instance(
                "IDDRX1F",
                i_D=delayed,
                i_SCLK=ClockSignal("eth_rx"),
                i_RST=Const(0, 1),
                o_Q0=rising[bit],
                o_Q1=falling[bit],
            )
        return rising, falling


def _sent(
    m: Module, name: str, port: io.PortLike, clock: Value, rising: Value, falling: Value
) -> None:
    """Put levels on pins from the rising edge of a clock on, and others from the falling one."""
    buffer = io.Buffer("o", port)
    m.submodules[f"{name}_pins"] = buffer
    for bit in range(len(port)):
        m.submodules[f"{name}_ddr_{bit}"] = Instance(
            "ODDRX1F",
            i_SCLK=clock,
            i_RST=Const(0, 1),
            i_D0=rising[bit],
            i_D1=falling[bit],
            o_Q=buffer.o[bit],
        )


def _control(pins: Any, side: str) -> io.PortLike:
    """Return the control pin of a side; the boards' definitions have two names for it."""
    port: io.PortLike = getattr(pins, f"{side}_{'ctl' if hasattr(pins, f'{side}_ctl') else 'ctrl'}")
    return port
