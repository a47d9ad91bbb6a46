"""A fixed input, and what a netlist makes of it, cycle by cycle."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["BEAT", "OTHER", "READY", "RESET", "SPECIAL", "Stimulus", "Trace"]

BEAT = np.dtype(
    [
        ("payload", "<u8"),
        ("outputs", "<u4"),
        ("patience", "<u4"),
        ("pause", "<u4"),
        ("poke", "<i4"),
    ]
)
"""As in `netlist_harness.cc`."""

READY, RESET, SPECIAL, OTHER = 1, 2, 4, 8
"""Bits of a control byte: the sink is ready; reset; two more that a netlist may have."""

Trace = NDArray[np.uint64]


@dataclass
class Stimulus:
    """What goes in, in order.

    Parameters
    ----------
    cycles : int
        Clock cycles to run.
    """

    cycles: int
    beats: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    pokes: list[list[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.controls = np.full(self.cycles, READY, np.uint8)
        self.controls[:4] |= RESET

    def add(
        self,
        payload: int,
        *,
        outputs: int = 0,
        patience: int = 0,
        pause: int = 0,
        poke: Sequence[int] | None = None,
    ) -> None:
        """Offer a payload, when so many outputs were seen and the pause is over."""
        number = -1
        if poke is not None:
            number = len(self.pokes)
            self.pokes.append(list(poke))
        self.beats.append((payload, outputs, patience, pause, number))

    def trace(self, native: ctypes.CDLL) -> Trace:
        """Return the trace of the netlist without a fault."""
        trace = np.zeros((self.cycles, 2), np.uint64)
        cycle = self._run(native, 0, trace, None)
        if cycle >= 0:
            raise ValueError(f"the netlist without a fault does not settle in cycle {cycle}")
        return trace

    def first_difference(self, native: ctypes.CDLL, fault: int, expected: Trace) -> int:
        """Return the first cycle in which a fault shows, or -1."""
        return self._run(native, fault, None, expected)

    def _run(
        self, native: ctypes.CDLL, fault: int, trace: Trace | None, expected: Trace | None
    ) -> int:
        beats = np.array(self.beats, BEAT)
        pokes = np.array(self.pokes or [[0]], np.uint64)

        def pointer(array: NDArray[Any] | None) -> ctypes.c_void_p | None:
            return None if array is None else ctypes.c_void_p(array.ctypes.data)

        cycle: int = native.run(
            ctypes.c_uint64(fault),
            pointer(beats),
            ctypes.c_uint64(len(beats)),
            pointer(pokes),
            ctypes.c_uint64(pokes.shape[1]),
            pointer(self.controls),
            ctypes.c_uint64(self.cycles),
            pointer(trace),
            pointer(expected),
        )
        return cycle

    def outputs(self, trace: Trace) -> list[int]:
        """Return the payloads that were given away."""
        given = (trace[:, 0] & np.uint64(1)).astype(bool) & ((self.controls & READY) != 0)
        return [int(value) for value in trace[given, 0] >> np.uint64(2)]

    def taken(self, trace: Trace) -> int:
        """Return how many beats were taken."""
        return int(((trace[:, 0] >> np.uint64(1)) & np.uint64(1)).sum())
