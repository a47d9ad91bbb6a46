"""A saved view of recorded waves, so that GTKWave opens them with the streams in their places."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from vcd.gtkw import GTKWSave

__all__ = ["VIEW", "Wave", "waves_of", "write_view"]

VIEW = "view.gtkw"
"""Name of the saved view beside the waves."""

_SCOPE = re.compile(r"\s*\$scope \w+ (\S+) \$end")
_WAVE = re.compile(r"\s*\$var \w+ \d+ (\S+) (\S+)(?: (\[\S+\]))? \$end")
_ZOOM = -16.0
"""GTKWave's scale: some hundred cycles in a window."""
_LEAD_NS = 500
"""What is seen before a failure."""


class Wave(NamedTuple):
    """A recorded signal: the scopes above it, its name, its bits, as in ``[7:0]``, and its code.

    Signals of one code are one wire under several names.
    """

    scope: tuple[str, ...]
    name: str
    bits: str
    code: str

    @property
    def path(self) -> str:
        """As GTKWave names it, which escapes a name with a dot in it."""
        name = f"\\{self.name}" if "." in self.name else self.name
        return ".".join([*self.scope, name]) + self.bits


def waves_of(dump: Path) -> Iterator[Wave]:
    """Yield the signals that a VCD file declares."""
    scope: list[str] = []
    with dump.open() as file:
        for line in file:
            if found := _SCOPE.match(line):
                scope.append(found[1])
            elif found := _WAVE.match(line):
                yield Wave(tuple(scope), found[2], found[3] or "", found[1])
            elif "$upscope" in line:
                scope.pop()
            elif "$enddefinitions" in line:
                return


def write_view(dump: Path, view: Path, *, marker_ns: int | None = None) -> None:
    """Write a view: clock and reset, the design's streams with their fields, those of its parts.

    Parameters
    ----------
    dump : Path
        A VCD file whose time unit is 1 ps, of a design ``dut`` with streams ``i`` and ``o``.
    view : Path
        Opened by ``gtkwave VIEW``, which finds the waves by the absolute path in it.
    marker_ns : int, optional
        Where the marker stands: the time at which a test failed.
    """
    own: dict[str, Wave] = {}
    parts: dict[str, list[Wave]] = {}
    for wave in waves_of(dump):
        if wave.scope == ("dut",):
            own[wave.name] = wave
        elif len(wave.scope) == 2 and re.fullmatch(r"\w+__(valid|ready|payload|p)", wave.name):
            parts.setdefault(wave.scope[-1], []).append(wave)
    with view.open("w") as file:
        save = GTKWSave(file)
        save.dumpfile(str(dump))
        if marker_ns is not None:
            save.timestart(max(0, marker_ns - _LEAD_NS) * 1000)
        save.zoom_markers(_ZOOM, -1 if marker_ns is None else marker_ns * 1000)
        save.signals_width(320)
        save.treeopen("dut")
        for name in ("clk", "rst"):
            save.trace(own[name].path)
        for stream in ("i", "o"):
            with save.group(f"stream {stream}"):
                for wire in ("valid", "ready", "payload"):
                    save.trace(own[f"{stream}__{wire}"].path)
                for wave in _fields(own, f"{stream}__payload"):
                    field = wave.name.partition(".")[2]
                    save.trace(wave.path, alias=f"{field}{wave.bits}")
        for part, waves in sorted(parts.items()):
            with save.group(part, closed=True):
                for wave in waves:
                    save.trace(wave.path)


def _fields(own: dict[str, Wave], payload: str) -> list[Wave]:
    """Return the fields of a payload, which Amaranth names after one of its wire's names."""
    for alias in own.values():
        if alias.code == own[payload].code:
            fields = [wave for wave in own.values() if wave.name.startswith(f"{alias.name}.")]
            if fields:
                return fields
    return []
