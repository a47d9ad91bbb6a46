"""An engine behind a board's Gigabit PHY."""

from typing import Any

from amaranth.hdl import ClockDomain, Const, Elaboratable, Module, Signal
from amaranth.lib import io
from amaranth.lib.wiring import connect

from ..ethernet.ethernet_engine import EthernetEngine
from ..primitives.pll_ecp5 import PllEcp5
from ..primitives.rgmii_ecp5 import RgmiiEcp5
from ..spec.link_map import Counter
from ..spec.network import NETWORK_CLOCK_HZ, PacketDrop
from .led_stretcher import LedStretcher
from .network_board import Led, NetworkBoard
from .network_clocks import NETWORK_DOMAINS, NetworkClocks
from .top import add_output

__all__ = ["NetworkTop"]


class NetworkTop(Elaboratable):
    """Top of a network board: the engine, its network side, RGMII, clocks and two LEDs.

    Clock domains: see `NetworkClocks`. The session nonce is the number of cycles of the engine from
    power-up to the first HELLO.

    Parameters
    ----------
    board : NetworkBoard
    """

    def __init__(self, board: NetworkBoard) -> None:
        self.board = board

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        board = self.board
        clock_hz = board.config.clock_hz
        m.domains += [ClockDomain(name) for name in NETWORK_DOMAINS]
        pins = platform.request(*board.phy, dir="-")
        # The boards' definitions say nothing of this clock, and nextpnr would take 12 MHz for it.
        platform.add_clock_constraint(pins.rx_clk.io, NETWORK_CLOCK_HZ)
        pll = PllEcp5(
            int(platform.default_clk_frequency), board.transmit_degrees, board.engine_divider
        )
        m.submodules.clocks = clocks = NetworkClocks(pll, clock_hz)
        m.submodules.rgmii = rgmii = RgmiiEcp5(pins, board.receive_delay_ps)
        m.submodules.device = device = EthernetEngine(board.config, board.address)
        connect(m, rgmii.rx, device.rx)
        connect(m, device.tx, rgmii.tx)
        oscillator = io.Buffer("i", platform.request(platform.default_clk, dir="-"))
        m.submodules.clk_pin = oscillator
        if platform.default_rst is not None:
            button = io.Buffer("i", platform.request(platform.default_rst, dir="-"))
            m.submodules.rst_pin = button
            m.d.comb += clocks.button.eq(button.i)
        add_output(m, "phy_rst", pins.rst, clocks.hold)
        add_output(m, "mdc", pins.mdc, Const(0, 1))  # The PHY is as it is at power-up.

        time = Signal(32)
        m.d.sync += time.eq(time + 1)
        m.d.comb += [
            clocks.oscillator.eq(oscillator.i),
            clocks.receive_clock.eq(rgmii.receive_clock),
            rgmii.transmit_clock.eq(clocks.transmit_clock),
            device.entropy.eq(time),
        ]
        lost = Signal()
        watched = (Counter.DAMAGED_PACKETS, Counter.LOST_PACKETS)
        for reason in PacketDrop:
            if reason.counter in watched:
                with m.If(device.dropped & (device.reason == reason)):
                    m.d.comb += lost.eq(1)
        lamps = (("link_led", board.link_led, device.busy), ("error_led", board.error_led, lost))
        for name, led, event in lamps:
            if led is not None:
                stretcher = LedStretcher(clock_hz)
                m.submodules[f"{name}_stretcher"] = stretcher
                m.d.comb += [stretcher.time.eq(time), stretcher.event.eq(event)]
                add_output(m, name, _led(platform, led), stretcher.lit)
        return m


def _led(platform: Any, led: Led) -> io.PortLike:
    """Return an LED's pin."""
    port = platform.request(*led[:2], dir="-")
    return getattr(port, led[2]) if len(led) == 3 else port
