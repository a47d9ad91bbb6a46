"""A simulated component with one stream in and one stream out: millions of beats."""

import ctypes
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from consilience_sim.compiled.design import Design
from consilience_sim.compiled.emission import emit_rtlil
from consilience_sim.compiled.library import library_of
from consilience_sim.compiled.native import HANDLE, NativeSimulation
from consilience_sim.compiled.plain_streams import can_stall, with_plain_streams

__all__ = ["HARNESS", "StreamSimulation"]

HARNESS = Path(__file__).with_name("stream_harness.cc")
"""The C++ around the component."""


class _Job(ctypes.Structure):
    _fields_ = [
        ("beats", ctypes.c_void_p),
        ("count", ctypes.c_uint64),
        ("pauses", ctypes.c_void_p),
        ("gaps", ctypes.c_double),
        ("stalls", ctypes.c_double),
        ("seed", ctypes.c_uint64),
        ("outputs", ctypes.c_uint64),
        ("extra_cycles", ctypes.c_uint64),
        ("max_cycles", ctypes.c_uint64),
        ("results", ctypes.c_void_p),
        ("accepted", ctypes.c_void_p),
        ("produced", ctypes.c_void_p),
    ]


class _Outcome(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("end", "cycles", "taken", "given")]


_DONE, _WATCHDOG, _CHANGED, _SURPLUS = range(4)

_PROTOTYPES: dict[str, tuple[Any, list[Any]]] = {
    "simulation_open": (HANDLE, []),
    "simulation_close": (None, [HANDLE]),
    "simulation_reset": (None, [HANDLE]),
    "simulation_run": (None, [HANDLE, ctypes.POINTER(_Job), ctypes.POINTER(_Outcome)]),
    "simulation_offer": (ctypes.c_void_p, [HANDLE, ctypes.c_int]),
    "simulation_cycles": (ctypes.c_uint64, [HANDLE]),
    "simulation_input_bits": (ctypes.c_size_t, []),
    "simulation_output_bits": (ctypes.c_size_t, []),
}
"""Result and arguments of what `stream_harness.cc` exports."""


class StreamSimulation(NativeSimulation):
    """Any component with a stream in ``i`` and a stream out ``o``, in compiled code.

    The rules of `stream_bench.run_stream`, a hundred times as fast: garbage on an input payload
    that is not valid, a watchdog, and a check that an output once offered stays until it is taken.
    Other inputs of the component are 0. The first time it is compiled.

    Parameters
    ----------
    design : wiring.Component or Design
        What to simulate; a flow will do for either stream. A `Design` has plain streams.
    name : str
        What it is, for messages.

    Raises
    ------
    CompilerMissing, BuildFailed
    ValueError
        From any use after `close`.

    Attributes
    ----------
    input_bits, output_bits : int
        Widths of the payloads.
    """

    def __init__(self, design: Any, *, name: str) -> None:
        self.name = name
        self._stallable = isinstance(design, Design) or can_stall(design)
        if not isinstance(design, Design):
            design = Design(partial(emit_rtlil, with_plain_streams(design)))
        super().__init__(library_of(design, HARNESS, name), _PROTOTYPES)
        self.input_bits = int(self._native.simulation_input_bits())
        self.output_bits = int(self._native.simulation_output_bits())
        self.reset()

    def reset(self) -> None:
        """Reset the component, whatever it is doing."""
        with self._open():
            self._native.simulation_reset(self._handle)

    def run(
        self,
        beats: NDArray[np.uint8],
        outputs: int,
        *,
        gaps: NDArray[np.bool_] | float = 0.0,
        stalls: float = 0.0,
        seed: int = 0,
        max_cycles: int,
        extra_cycles: int = 0,
    ) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
        """Feed beats and collect outputs, in one call that cannot be interrupted.

        Parameters
        ----------
        beats : uint8 array, shape (n, bytes of an input payload)
            Input payloads as bit vectors, the lowest byte first.
        outputs : int
            Payloads to wait for.
        gaps : float, or bool array of shape (n,)
            Probability that the source pauses before a beat, again and again; or before which beats
            it pauses for one cycle.
        stalls : float
            Probability that the sink is not ready, in each cycle.
        seed : int
            Seed of gaps, stalls and garbage.
        max_cycles : int
            The watchdog.
        extra_cycles : int
            Cycles to go on after the last beat and the last expected output.

        Returns
        -------
        outputs : uint8 array, shape (outputs, bytes of an output payload)
        accepted, produced : int64 arrays, shapes (n,) and (outputs,)
            Cycle of each transfer, counted from the first of this run.

        Raises
        ------
        RuntimeError
            Watchdog, a broken stream rule, or an unexpected output. The component is left as it is:
            `reset` it before it runs again.
        ValueError
            An argument that no run can have.
        """
        beats = self._checked(beats)
        pauses: NDArray[np.bool_] | None = None
        if not isinstance(gaps, (int, float)):
            pauses, gaps = np.ascontiguousarray(gaps, dtype=np.bool_), 0.0
            if pauses.shape != beats.shape[:1]:
                raise ValueError(f"gaps has shape {pauses.shape}, not {beats.shape[:1]}")
        if not (0 <= gaps < 1 and 0 <= stalls < 1):
            raise ValueError(f"gaps and stalls must be in [0, 1), not {gaps}, {stalls}")
        if stalls and not self._stallable:
            raise ValueError(f"the {self.name} never waits for its sink: stalls must be 0")
        if min(outputs, max_cycles, extra_cycles) < 0:
            raise ValueError("outputs, max_cycles and extra_cycles must be 0 or more")
        results = np.empty((outputs, (self.output_bits + 7) // 8), dtype=np.uint8)
        accepted = np.empty(len(beats), dtype=np.int64)
        produced = np.empty(outputs, dtype=np.int64)
        job = _Job(
            beats.ctypes.data,
            len(beats),
            None if pauses is None else pauses.ctypes.data,
            gaps,
            stalls,
            seed & (1 << 64) - 1,
            outputs,
            extra_cycles,
            max_cycles,
            results.ctypes.data,
            accepted.ctypes.data,
            produced.ctypes.data,
        )
        outcome = _Outcome()
        with self._open():
            self._native.simulation_run(self._handle, ctypes.byref(job), ctypes.byref(outcome))
            if outcome.end != _DONE:
                raise RuntimeError(f"{self.name}: {self._complaint(job, outcome)} (seed {seed})")
        return results, accepted, produced

    def _checked(self, beats: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return beats as the library reads them."""
        width = (self.input_bits + 7) // 8
        if beats.dtype != np.uint8 or beats.ndim != 2 or beats.shape[1] != width:
            raise ValueError(
                f"beats of the {self.name} are uint8 of shape (n, {width}), "
                f"not {beats.dtype} of shape {beats.shape}"
            )
        used = self.input_bits - 8 * (width - 1)
        if len(beats) and int(beats[:, -1].max()) >> used:
            raise ValueError(f"a beat has bits beyond the {self.input_bits} of the {self.name}")
        return np.ascontiguousarray(beats)

    def _complaint(self, job: _Job, outcome: _Outcome) -> str:
        if outcome.end == _WATCHDOG:
            return (
                f"no end after {job.max_cycles} cycles: {outcome.taken} of {job.count} beats "
                f"taken, {outcome.given} of {job.outputs} outputs given"
            )
        last = outcome.cycles - 1
        if outcome.end == _SURPLUS:
            return f"cycle {last}: an output beyond the {job.outputs} expected"
        before, after = (
            self._native.simulation_offer(self._handle, broken) for broken in (False, True)
        )
        fate = "was withdrawn" if after is None else f"became {self._payload(after):#x}"
        return f"cycle {last}: the offered payload {self._payload(before):#x} {fate}"

    def _payload(self, address: int) -> int:
        return int.from_bytes(ctypes.string_at(address, (self.output_bits + 7) // 8), "little")
