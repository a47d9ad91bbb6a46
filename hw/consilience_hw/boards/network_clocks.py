"""Clocks and resets of a network board."""

from amaranth.hdl import ClockDomain, ClockSignal, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import ResetSynchronizer
from amaranth.lib.wiring import In, Out

from ..primitives.pll_ecp5 import PllEcp5

__all__ = ["NETWORK_DOMAINS", "NetworkClocks"]

NETWORK_DOMAINS = ("sync", "eth_rx", "eth_tx")
"""Of the engine, of the receive side, and of the transmit side."""

HOLD_MS = 10
"""For which PHYs want their reset after power-up, at least."""


class NetworkClocks(wiring.Component):
    """Drives `NETWORK_DOMAINS`, which its parent defines, and the reset of the PHY.

    When the PLL has locked, PHY and domains are held in reset for 10 to 20 ms more; after that
    each domain begins with its own clock, ``eth_rx`` when the PHY sends one. Paths between
    domains go through crossings of their own (`UdpPort`), and are not timed.

    Parameters
    ----------
    pll : PllEcp5
        A submodule of this.
    clock_hz : int
        Of ``sync``.

    Members
    -------
    receive_clock : in
        From the PHY.
    button : in
        Starts all over, as power-up does.
    hold : out
        Reset of the PHY.
    transmit_clock : out
        For the PHY.
    """

    def __init__(self, pll: PllEcp5, clock_hz: int) -> None:
        self.pll = pll
        self.hold_bits = (HOLD_MS * clock_hz // 1000).bit_length()
        super().__init__(
            {
                "oscillator": In(1),
                "receive_clock": In(1),
                "button": In(1),
                "hold": Out(1, init=1),
                "transmit_clock": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.pll = pll = self.pll
        m.domains.boot = ClockDomain(local=True)
        clocks = (pll.engine, self.receive_clock, pll.network)
        m.d.comb += [
            pll.oscillator.eq(self.oscillator),
            self.transmit_clock.eq(pll.late),
            ClockSignal("boot").eq(pll.engine),
        ]
        m.submodules.boot_reset = ResetSynchronizer(~pll.locked | self.button, domain="boot")
        passed = Signal(self.hold_bits)
        m.d.boot += passed.eq(passed + 1)
        with m.If(passed.all()):
            m.d.boot += self.hold.eq(0)
        for name, clock in zip(NETWORK_DOMAINS, clocks, strict=True):
            m.d.comb += ClockSignal(name).eq(clock)
            m.submodules[f"{name}_reset"] = ResetSynchronizer(self.hold, domain=name)
        return m
