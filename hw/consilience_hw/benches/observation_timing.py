"""Bench top for `ObservationDevice` in place and route: three clocks, and one output."""

from amaranth.hdl import Cat, ClockDomain, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..observations.observation_device import ObservationDevice
from ..spec.log_format import Q16_16
from ..spec.monitor_format import MonitorMode, Policy
from ..spec.network import NetworkAddress
from ..spec.observations import MonitorSetup

__all__ = ["ROUTED_AGENTS", "ROUTED_SETUP", "ObservationTiming"]

ROUTED_AGENTS, _BINS = 1 << 14, 64

ROUTED_SETUP = MonitorSetup(
    MonitorMode.RESTART,
    Policy.RENEW,
    20 * Q16_16.fractions,
    (-Q16_16.fractions, -Q16_16.fractions),
    tuple((1_000 * place - 30_000, 2_000 * place - 70_000) for place in range(_BINS)),
)
"""Two components and as many bins as a frozen table of scores usually has. Where the device stands
does not depend on the codes."""

_TAPS = (0, 2, 3, 5)
"""Of a shift register of 16 bits, whose sequence has 2**16 - 1 places."""


_CLOCKS = {"sync": "clk", "eth_rx": "eth_rx_clk", "eth_tx": "eth_tx_clk"}
"""The pin of each clock domain."""


class ObservationTiming(wiring.Component):
    """A source of symbols, `ObservationDevice`, and a register for what it sends.

    It is only placed and routed: the symbols are no frames. What matters is that synthesis cannot
    foresee them, and that every path lies between registers, as it does behind the pins of a PHY.

    Parameters
    ----------
    setup, agents, address
        As of `ObservationDevice`.

    Members
    -------
    clk, eth_rx_clk, eth_tx_clk, rst : in
        Clocks, and a reset for all. Pins of domains that are left to the conversion come in an
        order that differs from run to run, and with it the netlist.
    pin : out
        A bit to which every symbol sent, every drop and every count contributes.
    """

    def __init__(self, setup: MonitorSetup, agents: int, address: NetworkAddress) -> None:
        self.unit = ObservationDevice(setup, agents, address)
        pins = {pin: In(1) for pin in (*_CLOCKS.values(), "rst")}
        super().__init__({**pins, "pin": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for name, pin in _CLOCKS.items():
            domain = ClockDomain(name)
            m.domains += domain
            m.d.comb += [domain.clk.eq(getattr(self, pin)), domain.rst.eq(self.rst)]
        m.submodules.device = device = self.unit
        turns = Signal(16, init=1)
        sent, folded, told = Signal(10), Signal(), Signal(len(device.counts))
        m.d.eth_rx += [
            turns.eq(Cat(turns[1:], Cat(turns[tap] for tap in _TAPS).xor())),
            Cat(device.rx.data, device.rx.valid, device.rx.error).eq(turns),
        ]
        m.d.eth_tx += [
            sent.eq(Cat(device.tx.data, device.tx.valid, device.tx.error)),
            self.pin.eq(folded ^ sent.xor()),
        ]
        # Counts are 64 bits each: they go out in turn, as no one reads them at once.
        m.d.sync += [
            told.eq(told >> 1),
            folded.eq(told[0] ^ Cat(device.busy, device.dropped, device.reason).xor()),
        ]
        with m.If(device.dropped):
            m.d.sync += told.eq(Cat(device.counts))
        return m
