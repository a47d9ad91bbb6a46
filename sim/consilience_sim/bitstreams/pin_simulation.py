"""A board's design, simulated at its clock and the two pins of its UART."""

import ctypes
from pathlib import Path
from typing import Any

from consilience_sim.compiled.design import Design
from consilience_sim.compiled.library import library_of
from consilience_sim.compiled.native import HANDLE, NativeSimulation

__all__ = ["HARNESS", "PinSimulation"]

HARNESS = Path(__file__).with_name("pin_harness.cc")
"""The C++ around the board."""

_PROTOTYPES: dict[str, tuple[Any, list[Any]]] = {
    "simulation_open": (HANDLE, [ctypes.c_uint64] * 3),
    "simulation_close": (None, [HANDLE]),
    "simulation_send": (None, [HANDLE, ctypes.c_char_p, ctypes.c_size_t]),
    "simulation_run": (
        ctypes.c_void_p,
        [HANDLE, ctypes.c_uint64, ctypes.POINTER(ctypes.c_size_t)],
    ),
    "simulation_waiting": (ctypes.c_size_t, [HANDLE]),
    "simulation_errors": (ctypes.c_uint64, [HANDLE]),
    "simulation_cycles": (ctypes.c_uint64, [HANDLE]),
}
"""Result and arguments of what `pin_harness.cc` exports."""


class PinSimulation(NativeSimulation):
    """Bytes through a board's pins, each bit for as many cycles as it lasts.

    Parameters
    ----------
    design : Design
        With ports ``clk``, ``rx`` and ``tx``, one bit each.
    name : str
        What it is, for messages.
    clock_hz, baud : int
        The board's.
    sent_baud : int, optional
        Rate of the sender at the other end; as the board's unless given.

    Raises
    ------
    CompilerMissing, BuildFailed
    ValueError
        From any use after `close`.
    """

    def __init__(
        self, design: Design, *, name: str, clock_hz: int, baud: int, sent_baud: int | None = None
    ) -> None:
        self.clock_hz, self.baud = clock_hz, baud
        library = library_of(design, HARNESS, name)
        super().__init__(library, _PROTOTYPES, clock_hz, baud, sent_baud or baud)

    @property
    def byte_cycles(self) -> int:
        """Cycles of a byte on the line, rounded up."""
        return -(-10 * self.clock_hz // self.baud)

    @property
    def waiting(self) -> int:
        """Bytes that have not all been sent to the board."""
        return self._number(self._native.simulation_waiting)

    @property
    def framing_errors(self) -> int:
        """Bytes from the board without a start or stop bit."""
        return self._number(self._native.simulation_errors)

    def send(self, data: bytes) -> None:
        """Queue bytes for the board; they go in while `run` runs the clock."""
        with self._open():
            self._native.simulation_send(self._handle, data, len(data))

    def run(self, cycles: int) -> bytes:
        """Run the clock, and return the bytes that came from the board."""
        return self._bytes_after(self._native.simulation_run, cycles)
