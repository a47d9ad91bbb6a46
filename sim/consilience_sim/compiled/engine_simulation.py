"""A simulated engine: link bytes in, link bytes out."""

import ctypes
import os
from contextlib import ExitStack
from functools import partial
from io import FileIO
from pathlib import Path
from typing import Any

from consilience_hw.spec.engine_config import EngineConfig
from consilience_sim.compiled.library import engine_library
from consilience_sim.compiled.native import HANDLE, NativeSimulation

__all__ = ["EngineSimulation"]

_PROTOTYPES: dict[str, tuple[Any, list[Any]]] = {
    "simulation_open": (HANDLE, [ctypes.c_int, ctypes.c_uint64]),
    "simulation_close": (ctypes.c_int, [HANDLE]),
    "simulation_reset": (None, [HANDLE, ctypes.c_uint32]),
    "simulation_send": (None, [HANDLE, ctypes.c_char_p, ctypes.c_size_t]),
    "simulation_gap": (None, [HANDLE]),
    "simulation_receive": (
        ctypes.c_void_p,
        [HANDLE, ctypes.c_uint64, ctypes.POINTER(ctypes.c_size_t)],
    ),
    "simulation_cycles": (ctypes.c_uint64, [HANDLE]),
}
"""Result and arguments of what `harness.cc` exports."""


class EngineSimulation(NativeSimulation):
    """The gateware `Engine`, simulated cycle by cycle in compiled code.

    Throughput: 1.5 million cycles per second with one lane and 16 hypotheses, 1.1 million with
    8 lanes; the engine takes a byte per cycle. Other Python threads run meanwhile; those that use
    the same simulation take turns.

    Parameters
    ----------
    config : EngineConfig
        What to simulate. The first time it is compiled (see `library.engine_library`).
    entropy : int
        What the engine samples for its session nonce: 32 bits, another at each start.
    waves : Path, optional
        Record all signals, but no memories, in a VCD file: some 2 kB per cycle, at 0.1 million
        cycles per second.

    Raises
    ------
    CompilerMissing, BuildFailed
    OSError
        The file of the waves cannot be written. That of a disk which becomes full comes from
        `close`, which writes what is left of the waves.
    ValueError
        `entropy` out of range, or any use after `close`.
    """

    config: EngineConfig

    def __init__(self, config: EngineConfig, *, entropy: int, waves: Path | None = None) -> None:
        _check_entropy(entropy)
        self.config = config
        # Before the build, which takes time, so that a wrong path is reported at once.
        with ExitStack() as opened:
            trace = None if waves is None else opened.enter_context(FileIO(waves, "w"))
            library = engine_library(config, waves=waves is not None)
            half_period = 500_000_000_000 // config.clock_hz  # ps
            descriptor = -1 if trace is None else trace.fileno()
            # Also at the end of the program, so that a forgotten simulation still leaves its waves.
            finish = partial(_finish, trace=trace)
            super().__init__(library, _PROTOTYPES, descriptor, half_period, finish=finish)
            opened.pop_all()
        self._native.simulation_reset(self._handle, entropy)

    def send(self, data: bytes) -> None:
        """Queue bytes for the engine. They go in while `receive` runs the clock."""
        with self._open():
            self._native.simulation_send(self._handle, data, len(data))

    def gap(self) -> None:
        """Queue a silence: a pulse on the engine's `gap` after all bytes queued before."""
        with self._open():
            self._native.simulation_gap(self._handle)

    def receive(self, cycles: int) -> bytes:
        """Run the clock until a frame has ended, and return the bytes that left the engine.

        Parameters
        ----------
        cycles : int
            Most clock cycles to run. They cannot be interrupted.

        Returns
        -------
        bytes
            Up to a zero byte, the end of a frame; without one after `cycles` cycles, perhaps none.
        """
        return self._bytes_after(self._native.simulation_receive, cycles)

    def reset(self, entropy: int) -> None:
        """Reset the engine, whatever it is doing; drop queued bytes and replies.

        Parameters
        ----------
        entropy : int
            As at the start; the engine's next session nonce.
        """
        _check_entropy(entropy)
        with self._open():
            self._native.simulation_reset(self._handle, entropy)


def _check_entropy(entropy: int) -> None:
    if not 0 <= entropy < 1 << 32:
        raise ValueError(f"entropy must be in 0..2**32 - 1, not {entropy}")


def _finish(native: ctypes.CDLL, handle: int, trace: FileIO | None) -> None:
    error = native.simulation_close(handle)
    if trace is not None:
        trace.close()
        if error:
            raise OSError(error, os.strerror(error), str(trace.name))
