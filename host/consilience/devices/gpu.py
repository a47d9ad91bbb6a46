"""The gpu device: log sums on a CUDA GPU, the bits of every other device.

``NUMBA_ENABLE_CUDASIM=1`` in the environment runs its kernels in numba's simulator, without a GPU
and some 10^4 times as slowly, for tests; its version says so.
"""

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from consilience.devices.call_counters import count_call
from consilience.devices.device import ERROR_BOUND_ULP, Device, DeviceInfo
from consilience.devices.gpu_steps import gpu_steps
from consilience.devices.posterior_sums import posteriors_of_sums
from consilience.errors import BadInput, NoDevice
from consilience.kernels.kernel_tables import load_tables
from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import MonitorSettings
from consilience.monitor.steps import AgentSteps, Stepped, StepSettings
from consilience.numbers.arrays import Codes, CodesAndStatus, Offsets, Words
from consilience_hw.exp2.exp2_rom import exp2_rom
from consilience_hw.spec.link_map import Feature
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import MAX_COMPONENTS

__all__ = ["GpuDevice", "open_gpu"]

_CURE = (
    "a CUDA GPU with its driver, and numba's part for it (pip install 'numba-cuda[cu13]'), are "
    "needed; or open cpu"
)


def open_gpu() -> "GpuDevice":
    """Open the first GPU; NoDevice where there is none, and never another device in its place."""
    try:
        from numba import cuda
    except ImportError as error:
        raise NoDevice(f"gpu: numba has no CUDA here ({error}); {_CURE}") from None
    if not cuda.is_available():
        raise NoDevice(f"gpu: no CUDA GPU answers; {_CURE}")
    return GpuDevice(cuda)


class GpuDevice(Device):
    """One GPU of this machine: log sums, leave-one-out, the sums of posteriors, and monitors.

    Codes go to the GPU with each call and results come back. The weighted rows of a posterior are
    added on this machine, exactly, as for a device that does log sums alone. The first use compiles
    the kernels (some seconds). `open_gpu` makes one.

    Parameters
    ----------
    cuda : module
        numba.cuda.
    """

    def __init__(self, cuda: Any) -> None:
        from consilience.kernels import gpu_kernels

        self.cuda = cuda
        """numba.cuda, for who measures."""
        self._kernels = gpu_kernels
        self._is_open = True
        self._counters = dict.fromkeys(("calls", "codes", "results", "saturated"), 0)
        rom, tables = exp2_rom(Q16_16), load_tables()
        fitted = [np.array(part, np.uint32) for part in (rom.base, rom.slope, rom.bend)]
        if rom.low_bits != 6 or [len(part) for part in fitted] != [gpu_kernels.TABLE] * 3:
            raise AssertionError("the kernels are written for three tables of 1,024 words")
        self._fitted = [*map(cuda.to_device, fitted), rom.fine]
        self._borders = [cuda.to_device(part) for part in (tables.upper, tables.lower)]

    @property
    def info(self) -> DeviceInfo:
        """Identity and counters since opening."""
        simulated = os.environ.get("NUMBA_ENABLE_CUDASIM") == "1"
        name = "" if simulated else self.cuda.get_current_device().name
        return DeviceInfo(
            url="gpu",
            board="numba's simulator of CUDA, not a GPU" if simulated else _text(name),
            version="1",
            build="",
            clock_hz=0,
            format=Q16_16,
            lanes=1,
            hypotheses=16,
            components=MAX_COMPONENTS,
            features=Feature.MONITOR.names,
            error_bound_ulp=ERROR_BOUND_ULP,
            counters=dict(self._counters),
        )

    def sums(self, codes: Codes, offsets: Offsets) -> CodesAndStatus:
        """Return code and status of each segment."""
        self._refuse_closed()
        found = self._sums(codes, offsets)
        self._count(len(codes), found[1])
        return found

    def posteriors(
        self, evidence: Codes, offsets: Offsets, prior: Codes, weight: Words | None
    ) -> CodesAndStatus:
        """Return posterior and status of each agent."""
        self._refuse_closed()
        posterior, status = posteriors_of_sums(self._sums, evidence, offsets, prior, weight)
        self._count(evidence.size, status)
        return posterior, status

    def sums_of_others(self, codes: Codes) -> CodesAndStatus:
        """Return code and status of all codes but number i, for every i."""
        self._refuse_closed()
        count = len(codes)
        sums, status = np.empty(count, np.int32), np.empty(count, np.uint32)
        if not count:
            return sums, status
        with _quiet():
            values = self.cuda.to_device(codes)
            cuts, _ = self._cuts(np.array([0, count]))
            windows = self._windows(len(cuts) - 1)
            kernel = self._kernels.sum_pieces[len(cuts) - 1, self._kernels.THREADS]
            kernel(values, self.cuda.to_device(cuts), *self._fitted, *windows)
            tops, bins = (one.copy_to_host() for one in windows)
        top = int(tops.max())
        total = sum(
            int(cell) << 8 * (slot - (top - own))
            for own, cells in zip(tops.tolist(), bins.tolist(), strict=True)
            for slot, cell in enumerate(cells)
            if top - own <= slot
        )
        parts = [np.array([part], np.uint64) for part in (total >> 32, total & 0xFFFF_FFFF)]
        with _quiet():
            given = [values, top, *map(self.cuda.to_device, parts)]
            results = [self.cuda.to_device(one) for one in (sums, status)]
            kernel = self._kernels.take_out[self._grid(count)]
            kernel(*given, *self._fitted, *self._borders, *results)
            sums, status = (one.copy_to_host() for one in results)
        in_top = np.flatnonzero((codes >> 19 == top) & (codes != Q16_16.log_of_zero))
        if len(in_top) == 1:  # without it the window lies lower: the others are summed anew
            others = np.delete(codes, in_top)
            one = self._sums(others, np.array([0, len(others)]))
            sums[in_top], status[in_top] = one
        self._count(count, status)
        return sums, status

    def new_monitor(self, settings: MonitorSettings) -> Monitor:
        """Return a monitor whose states are on this machine, and whose recurrence is the GPU's."""
        self._refuse_closed()
        return Monitor(settings, self.monitor_steps)

    def monitor_steps(self, settings: StepSettings, agents: AgentSteps) -> Stepped:
        """Return what follows from observations."""
        self._refuse_closed()
        with _quiet():
            return gpu_steps(self.cuda, settings, agents)

    def close(self) -> None:
        """Compute nothing more, and give the tables' memory back."""
        self._is_open = False
        self._fitted, self._borders = [], []

    def prepared(self, values: Any, offsets: Offsets) -> Callable[[], tuple[Any, Any]]:
        """Return a function that launches the kernels of log sums, over and over if asked.

        Parameters
        ----------
        values : device array of int32
            Codes that are on the GPU.
        offsets : int64 array

        Returns
        -------
        function
            Returns code and status of each segment, arrays on the GPU.
        """
        segments = len(offsets) - 1
        longest = int(np.diff(offsets).max(initial=0))
        if longest > Q16_16.capacity:
            raise BadInput(f"a segment has more than {Q16_16.capacity} codes; split them")
        kernels, cuda = self._kernels, self.cuda
        codes, status = (cuda.device_array(segments, kind) for kind in (np.int32, np.uint32))
        grid = self._grid(segments)
        if longest <= kernels.LANE_TERMS:
            bounds = cuda.to_device(offsets)

            def rows() -> tuple[Any, Any]:
                given = (values, bounds, *self._fitted, *self._borders, codes, status)
                kernels.sum_rows[grid](*given)
                return codes, status

            return rows
        cuts, starts = self._cuts(offsets)
        bounds, starts = cuda.to_device(cuts), cuda.to_device(starts)
        tops, bins = self._windows(len(cuts) - 1)

        def pieces() -> tuple[Any, Any]:
            blocks = (len(cuts) - 1, kernels.THREADS)
            kernels.sum_pieces[blocks](values, bounds, *self._fitted, tops, bins)
            kernels.sum_states[grid](tops, bins, starts, *self._borders, codes, status)
            return codes, status

        return pieces

    def _sums(self, codes: Codes, offsets: Offsets) -> CodesAndStatus:
        segments = len(offsets) - 1
        if not segments or not len(codes):
            return np.full(segments, Q16_16.log_of_zero, np.int32), np.zeros(segments, np.uint32)
        with _quiet():
            sums, status = self.prepared(self.cuda.to_device(codes), offsets)()
            return sums.copy_to_host(), status.copy_to_host()

    def _cuts(self, offsets: Offsets) -> tuple[Offsets, Offsets]:
        """Return the offsets of pieces, and the first piece of each segment and one past all."""
        size = self._kernels.THREADS * self._kernels.LANE_TERMS
        lengths = np.diff(offsets)
        pieces = -(-lengths // size)
        starts = np.concatenate([[0], np.cumsum(pieces)]).astype(np.int64)
        within = np.arange(starts[-1]) - np.repeat(starts[:-1], pieces)
        first = np.repeat(offsets[:-1], pieces) + size * within
        return np.append(first, offsets[-1]).astype(np.int64), starts

    def _windows(self, pieces: int) -> tuple[Any, Any]:
        """Return room on the GPU for tops and bins of pieces."""
        return (
            self.cuda.device_array(pieces, np.int64),
            self.cuda.device_array((pieces, Q16_16.slots), np.uint64),
        )

    def _grid(self, threads: int) -> tuple[int, int]:
        return -(-threads // self._kernels.THREADS), self._kernels.THREADS

    def _refuse_closed(self) -> None:
        if not self._is_open:
            raise NoDevice("gpu: this device is closed; open another")

    def _count(self, codes: int, status: Words) -> None:
        count_call(self._counters, codes, status)


@contextmanager
def _quiet() -> Iterator[None]:
    """Drop numba's remark on small grids: few segments are no fault of the caller."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Grid size")
        yield


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)
