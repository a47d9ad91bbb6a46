"""A simulation in a shared library, from its start to its end."""

import ctypes
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Self

__all__ = ["HANDLE", "NativeSimulation", "load"]

HANDLE = ctypes.c_void_p
"""A simulation, as its library knows it."""


def load(library: Path, prototypes: Mapping[str, tuple[Any, Sequence[Any]]]) -> ctypes.CDLL:
    """Load a library; `prototypes` are result and arguments of its functions."""
    native = ctypes.CDLL(str(library))
    for name, (result, arguments) in prototypes.items():
        function = getattr(native, name)
        function.restype, function.argtypes = result, arguments
    return native


class NativeSimulation:
    """What all simulations have in common.

    Other Python threads run while one is at work; those that use the same simulation take turns.

    Parameters
    ----------
    native : CDLL
        With a function ``simulation_cycles``.
    handle : int
        The open simulation.
    finish : callable
        Closes it; called once, at the latest at the end of the program. It must not refer to this
        object.
    """

    def __init__(self, native: ctypes.CDLL, handle: int, finish: Callable[[], None]) -> None:
        self._native = native
        self._handle = handle
        self._lock = Lock()
        self._finish = weakref.finalize(self, finish)

    @property
    def cycles(self) -> int:
        """Clock cycles run so far, those of resets among them."""
        with self._open():
            return int(self._native.simulation_cycles(self._handle))

    def close(self) -> None:
        """End the simulation; again changes nothing."""
        with self._lock:
            self._finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _open(self) -> Iterator[None]:
        """Keep others out: another thread must not close what this one runs."""
        with self._lock:
            if not self._finish.alive:
                raise ValueError("the simulation is closed")
            yield
