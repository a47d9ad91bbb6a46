"""How fast the kernels of the gpu device are, without the way to the GPU and back."""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from consilience.devices.gpu import GpuDevice

__all__ = ["Speed", "measured"]

_REPEATS = 7
_BYTES = 4


class Speed(NamedTuple):
    """Figures of one size: the best of seven.

    Parameters
    ----------
    call_ns, kernel_ns : float
        Nanoseconds a code: of `reduce`, with the copies to and fro, and of its kernels alone.
    kernel_gb, copy_gb : float
        GB/s that the kernels read, and that a copy on the GPU reads and writes.
    """

    codes: int
    segments: int
    call_ns: float
    kernel_ns: float
    kernel_gb: float
    copy_gb: float


def measured(device: GpuDevice, codes: int, segments: int) -> Speed:
    """Return the figures of `segments` segments of equal length."""
    draw = np.random.default_rng(1)
    values = np.rint(draw.normal(size=codes) * 2**19).astype(np.int32)
    offsets = np.linspace(0, codes, segments + 1).astype(np.int64)
    call = _best(lambda: device.reduce(values, offsets), lambda: None)
    cuda = device.cuda
    here, other = cuda.to_device(values), cuda.device_array(codes, np.int32)
    launch = device.prepared(here, offsets)
    kernel = _best(launch, cuda.synchronize)
    copy = _best(lambda: other.copy_to_device(here), cuda.synchronize)
    size = _BYTES * codes
    return Speed(
        codes,
        segments,
        1e9 * call / codes,
        1e9 * kernel / codes,
        size / kernel / 1e9,
        2 * size / copy / 1e9,
    )


def _best(work: Callable[[], object], wait: Callable[[], None]) -> float:
    """Return the least seconds of several runs, the first of which compiles and is left out."""
    seconds = []
    for _ in range(1 + _REPEATS):
        wait()
        start = time.perf_counter()
        work()
        wait()
        seconds.append(time.perf_counter() - start)
    return min(seconds[1:])
