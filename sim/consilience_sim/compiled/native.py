"""A simulation in a shared library, from its start to its end."""

import ctypes
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Self

__all__ = ["HANDLE", "NativeSimulation"]

HANDLE = ctypes.c_void_p
"""A simulation, as its library knows it."""


def _close(native: ctypes.CDLL, handle: int) -> None:
    native.simulation_close(handle)


class NativeSimulation:
    """What all simulations have in common.

    Other Python threads run while one is at work; those that use the same simulation take turns.

    Parameters
    ----------
    library : Path
        With functions ``simulation_open``, ``simulation_close`` and ``simulation_cycles``.
    prototypes : mapping
        Result and arguments of each of its functions.
    opening : int
        Arguments of ``simulation_open``.
    finish : callable
        Closes the simulation, given the library and its handle; called once, at the latest at the
        end of the program. It must not refer to this object.
    """

    def __init__(
        self,
        library: Path,
        prototypes: Mapping[str, tuple[Any, Sequence[Any]]],
        *opening: int,
        finish: Callable[[ctypes.CDLL, int], None] = _close,
    ) -> None:
        self._native = ctypes.CDLL(str(library))
        for name, (result, arguments) in prototypes.items():
            function = getattr(self._native, name)
            function.restype, function.argtypes = result, arguments
        self._handle: int = self._native.simulation_open(*opening)
        self._lock = Lock()
        self._finish = weakref.finalize(self, finish, self._native, self._handle)

    @property
    def cycles(self) -> int:
        """Clock cycles run so far, those of resets among them."""
        return self._number(self._native.simulation_cycles)

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

    def _number(self, told: Callable[[int], int]) -> int:
        """Return a number that a function of the library tells of the simulation."""
        with self._open():
            return int(told(self._handle))

    def _bytes_after(self, run: Callable[..., int], cycles: int) -> bytes:
        """Run the clock by a function of the library, and return the bytes that it gives."""
        if not 0 <= cycles < 1 << 64:
            raise ValueError(f"cycles must be in 0..2**64 - 1, not {cycles}")
        count = ctypes.c_size_t()
        with self._open():
            start = run(self._handle, cycles, ctypes.byref(count))
            # While locked: the next call reuses the memory.
            return ctypes.string_at(start, count.value)
