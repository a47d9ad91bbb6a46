"""Opening a device by its URL; what `cpu` does not need is imported when it is opened."""

import logging
import os

from consilience.devices.cpu import CpuDevice
from consilience.devices.device import Device
from consilience.errors import BadInput, ToolMissing
from consilience.extras import naming_extras

__all__ = ["open_device"]

_THREADS = "cpu?threads="
_MOST_THREADS = 1024

_log = logging.getLogger("consilience.devices")


def open_device(url: str = "auto") -> Device:
    """Open a device; use it in a ``with`` statement, or close it.

    Parameters
    ----------
    url : str
        ``cpu``: one core of this machine; ``cpu?threads=4``: so many, ``cpu?threads=all``: those
        that this process may use. ``gpu``: its first CUDA GPU. ``sim``: the gateware, compiled and
        simulated cycle by cycle; options ``lanes`` (1..64), ``hypotheses`` (2..16), ``credits``
        (2, 4 .. 128), ``waves`` (a VCD file), as in ``sim?lanes=4&waves=run.vcd``.
        ``serial:///dev/ttyUSB1``: a board; options
        ``baud`` (3000000) and ``timeout`` (seconds that a reply may take).
        ``udp://HOST`` or ``udp://HOST:PORT``: a board on a network; options ``timeout`` (seconds,
        0.05) and ``retries`` (20). ``socket://HOST:PORT``: a device that ``consilience serve``
        offers there. ``auto``: the board at a serial port that answers, else this machine; a
        warning in the log says what it took.

    Raises
    ------
    BadInput
        The URL is not of such a kind, or has another option.
    NoDevice
        The device is not there; another is never taken in its place. Or ``auto`` finds several.
    PermissionRefused
        This user may not open the serial port.
    ToolMissing
        ``sim`` without a C++ compiler, or a package that an extra of consilience brings.
    AbiMismatch
        The device is of another version.
    """
    if url == "cpu":
        return CpuDevice()
    if isinstance(url, str) and url.startswith(_THREADS):
        return CpuDevice(_threads(url))
    if url == "auto":
        return _board_or_cpu()
    if url == "gpu":
        from consilience.devices.gpu import open_gpu

        return open_gpu()
    from consilience.devices.linked import FORMS, open_linked

    if not isinstance(url, str):
        raise BadInput(f"a device is opened by its URL, not by {url!r}; give {FORMS}")
    return open_linked(url)


def _threads(url: str) -> int:
    """Return the number of threads that a URL of the cpu device asks for."""
    value = url.removeprefix(_THREADS)
    if value == "all":
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else _all_cores()
    if not value.isdecimal() or not 1 <= int(value) <= _MOST_THREADS:
        raise BadInput(f"{url}: give cpu, cpu?threads=2 (1 to {_MOST_THREADS}) or cpu?threads=all")
    return int(value)


def _all_cores() -> int:
    return os.cpu_count() or 1


def _board_or_cpu() -> Device:
    """Return the only board that answers, else this machine; the log says which, and why."""
    try:
        with naming_extras("looking for boards"):
            from consilience.devices.ports import attached_device
    except ToolMissing as error:
        _log.warning("auto: took cpu; %s", error)
        return CpuDevice()
    board = attached_device()
    _log.warning("auto: took %s", "cpu" if board is None else board.url)
    return CpuDevice() if board is None else board
