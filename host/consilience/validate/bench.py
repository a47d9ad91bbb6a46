"""What claims are tested with: devices, each opened once, and how much is run."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from consilience.closing import Closes
from consilience.devices.device import Device
from consilience.devices.opening import open_device
from consilience.errors import NoDevice, ToolMissing
from consilience.validate.finding import NotRun, Scale

__all__ = ["AT_HAND", "CPU", "SIM", "Bench", "Options"]

CPU = "cpu"
SIM = "sim"
AT_HAND = (CPU, SIM)
"""Devices that are tested where none is named, as far as they are there."""


@dataclass(frozen=True)
class Options:
    """What decides what is run; a claim that was tested with the same options need not be again.

    Parameters
    ----------
    scale : Scale
    devices : tuple of str
        URLs, each tested; the first is `cpu`, which is always there.
    data : Path or None
        Evidence, scores or traces of the user's own.
    """

    scale: Scale = Scale.DEFAULT
    devices: tuple[str, ...] = AT_HAND
    data: Path | None = None


class Bench(Closes):
    """Devices and options of one run.

    Parameters
    ----------
    options : Options
    opener : callable, optional
        URL to device; default `open_device`.
    progress : callable
        Takes (done, total) of the claim that is tested now.
    """

    def __init__(
        self,
        options: Options,
        opener: Callable[[str], Device] | None = None,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> None:
        self.options = options
        self.progress = progress
        self._opener = opener or open_device
        self._opened: dict[str, Device] = {}
        self._closing = ExitStack()

    @property
    def scale(self) -> Scale:
        """How much is run."""
        return self.options.scale

    def of_scale(self, quick: int, default: int, full: int) -> int:
        """Return the number for the scale."""
        return {Scale.QUICK: quick, Scale.DEFAULT: default, Scale.FULL: full}[self.scale]

    def device(self, url: str) -> Device:
        """Return a device, opened once.

        Raises
        ------
        NotRun
            It is not there, or what it needs is not installed.
        """
        if url not in self._opened:
            try:
                self._opened[url] = self._closing.enter_context(self._opener(url))
            except (NoDevice, ToolMissing) as error:
                raise NotRun(str(error)) from error
        return self._opened[url]

    def steps(self, total: int, at_once: int = 1) -> Iterable[int]:
        """Yield 0, `at_once`, .. below `total`, and say how far the claim is."""
        for done in range(0, total, at_once):
            self.progress(done, total)
            yield done
        self.progress(total, total)

    def close(self) -> None:
        """Close the devices."""
        self._opened.clear()
        self._closing.close()
