"""An engine behind a board's UART."""

from amaranth.hdl import Elaboratable, Module, Signal
from amaranth.lib.wiring import connect

from ..engine import Engine
from ..uart import UartPhy
from .board import LinkBoard
from .lamp import Lamp

__all__ = ["BoardTop"]


class BoardTop(Elaboratable):
    """What is built for a board.

    In the domain ``sync``, which the platform makes from the board's oscillator, with its reset at
    power-up. The session nonce is the time since then at the first HELLO, in cycles.

    Parameters
    ----------
    board : LinkBoard
    """

    def __init__(self, board: LinkBoard) -> None:
        self.board = board

    def elaborate(self, platform) -> Module:
        m = Module()
        board = self.board
        m.submodules.engine = engine = Engine(board.config)
        m.submodules.uart = uart = UartPhy(board.config.clock_hz, board.baud)
        connect(m, uart.received, engine.i)
        connect(m, engine.o, uart.to_send)
        line = platform.request("uart")
        time = Signal(32)
        m.submodules.link_lamp = link_lamp = Lamp(board.config.clock_hz)
        m.submodules.error_lamp = error_lamp = Lamp(board.config.clock_hz)
        m.d.sync += time.eq(time + 1)
        m.d.comb += [
            uart.rx.eq(line.rx.i),
            line.tx.o.eq(uart.tx),
            engine.gap.eq(uart.gap),
            engine.entropy.eq(time),
            link_lamp.time.eq(time),
            link_lamp.event.eq(engine.o.valid),
            error_lamp.time.eq(time),
            error_lamp.event.eq(uart.error | engine.dropped),
            platform.request(*board.link_led).o.eq(link_lamp.lit),
            platform.request(*board.error_led).o.eq(error_lamp.lit),
        ]
        return m
