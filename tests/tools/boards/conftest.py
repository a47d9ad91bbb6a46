"""A board of which only the UART is built: all the way through the tools in seconds."""

import contextlib

import pytest
from amaranth.hdl import Elaboratable, Module
from amaranth.lib import io
from amaranth.lib.wiring import connect

from consilience_hw.uart import UartPhy


class Echo(Elaboratable):
    """Sends back what it receives."""

    def __init__(self, board):
        self.board = board

    def elaborate(self, platform):
        m = Module()
        board = self.board
        m.submodules.uart = uart = UartPhy(board.config.clock_hz, board.baud)
        connect(m, uart.received, uart.to_send)
        line = platform.request("uart", dir="-")
        m.submodules.rx = rx = io.Buffer("i", line.rx)
        m.submodules.tx = tx = io.Buffer("o", line.tx)
        m.submodules.led = led = io.Buffer("o", platform.request(*board.error_led, dir="-"))
        m.d.comb += [uart.rx.eq(rx.i), tx.o.eq(uart.tx), led.o.eq(uart.error)]
        return m


@pytest.fixture
def echo(monkeypatch, tmp_path):
    """Boards are echoes, in a cache of their own; gives the names of what was shown."""
    monkeypatch.setenv("CONSILIENCE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("consilience_tools.boards.building.BoardTop", Echo)
    shown = []

    @contextlib.contextmanager
    def working(text):
        shown.append(text)
        yield

    return working, shown
