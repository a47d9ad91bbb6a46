"""An engine behind a board's UART."""

from typing import Any

from amaranth.hdl import Elaboratable, Module, Signal, Value
from amaranth.lib import io
from amaranth.lib.wiring import connect

from ..engine.engine import Engine
from ..uart import UartPhy
from .board import BoardDesign
from .led_stretcher import LedStretcher

__all__ = ["BoardTop", "add_output"]


class BoardTop(Elaboratable):
    """Top of a board: the engine, its UART and two LEDs.

    All of it is in the domain ``sync``, which the platform derives from the board's oscillator and
    resets at power-up. The session nonce is the number of cycles from then to the first HELLO.

    Parameters
    ----------
    board : BoardDesign
    """

    def __init__(self, board: BoardDesign) -> None:
        self.board = board

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        board = self.board
        m.submodules.engine = engine = Engine(board.config)
        m.submodules.uart = uart = UartPhy(board.config.clock_hz, board.baud)
        connect(m, uart.received, engine.i)
        connect(m, engine.o, uart.to_send)
        line = platform.request("uart", dir="-")
        m.submodules.rx_pin = rx_pin = io.Buffer("i", line.rx)
        add_output(m, "tx", line.tx, uart.tx)
        time = Signal(32)
        m.submodules.link_stretcher = link_stretcher = LedStretcher(board.config.clock_hz)
        m.submodules.error_stretcher = error_stretcher = LedStretcher(board.config.clock_hz)
        m.d.sync += time.eq(time + 1)
        m.d.comb += [
            uart.rx.eq(rx_pin.i),
            engine.gap.eq(uart.gap),
            engine.entropy.eq(time),
            link_stretcher.time.eq(time),
            link_stretcher.event.eq(engine.o.valid),
            error_stretcher.time.eq(time),
            error_stretcher.event.eq(uart.error | engine.dropped),
        ]
        for name, led, stretcher in (
            ("link_led", board.link_led, link_stretcher),
            ("error_led", board.error_led, error_stretcher),
        ):
            add_output(m, name, platform.request(*led, dir="-"), stretcher.lit)
        return m


def add_output(m: Module, name: str, port: io.PortLike, level: Value) -> None:
    """Drive output pins."""
    buffer = io.Buffer("o", port)
    m.submodules[f"{name}_pin"] = buffer
    m.d.comb += buffer.o.eq(level)
