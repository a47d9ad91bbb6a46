"""A netlist placed and routed with a seed, once; the result is kept in the cache."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from consilience.errors import ConsilienceError
from consilience_sim.cache import cache_folder, digest, made_once
from consilience_tools.place_and_route.nextpnr_report import (
    CriticalPath,
    clocks,
    critical_path,
    fmax_mhz,
    ignored_clocks,
    only_late,
    used,
    why_it_failed,
)
from consilience_tools.place_and_route.synthesis import SynthesisedDesign
from consilience_tools.place_and_route.targets import Target
from consilience_tools.place_and_route.tools import run_tool, tool_version

__all__ = ["ROUTED", "NotRouted", "RoutedDesign", "packed_cells", "routed"]

ROUTED = "routed"
"""Name of the file with the routed design."""

_REPORT = "report.json"
_LATE = "late.json"
"""The report of a run that misses its clock, and lacks nothing else."""


class NotRouted(ConsilienceError):
    """The part is too small, or the required clock is not reached; the message has the figures."""


@dataclass(frozen=True)
class RoutedDesign:
    """Figures of a run in which everything was placed and routed.

    Parameters
    ----------
    seed : int
    fmax_mhz : float
    used : dict of str to int
        Cells of the part.
    critical_path : CriticalPath
    """

    seed: int
    fmax_mhz: float
    used: dict[str, int]
    critical_path: CriticalPath
    folder: Path = Path()
    """Folder of the cache with nextpnr's `report.json`, its `log`, and the kept files."""
    clocks: dict[str, dict[str, float]] = field(default_factory=dict)
    """Each clock with ``required_mhz`` and ``reached_mhz``."""


def routed(
    design: SynthesisedDesign,
    target: Target,
    seed: int,
    *,
    name: str,
    more_options: Sequence[str] = (),
    keep: Sequence[str] = (),
    clock: str | None = None,
    late: bool = False,
) -> RoutedDesign:
    """Place and route a netlist, once: a minute or two with 8 lanes, half an hour with 64.

    A run in which nextpnr gave up is kept, too: another try would end the same way.

    Parameters
    ----------
    design : SynthesisedDesign
    target : Target
    seed : int
    name : str
        Name of the design, for messages.
    more_options : sequence of str
        Further options of nextpnr.
    keep : sequence of str
        Files written by nextpnr that are kept; `Target.output` writes `ROUTED`.
    clock : str or None
        The clock whose frequency and slowest path are told; the slowest if None.
    late : bool
        A run that misses the required clock counts, too.

    Raises
    ------
    ToolMissing
    NotRouted
        Nextpnr gave up, or ignored the constraint of a clock.
    ConsilienceError
        Nextpnr was killed.
    """
    options = ["--seed", str(seed), target.output, ROUTED, *more_options]
    folder, report = _run(design, target, options, keep, name=f"{name}, seed {seed}", late=late)
    figures = (fmax_mhz(report, clock), used(report), critical_path(report, clock))
    return RoutedDesign(seed, *figures, folder, clocks(report))


def packed_cells(design: SynthesisedDesign, target: Target, *, name: str) -> int | None:
    """Return the logic cells into which nextpnr packs a netlist, without placing it.

    They are more than the sum of yosys' cells, as carry chains need cells to begin and to end.
    None if the target packs nothing without pins. Raises as `routed` does.
    """
    if target.packed is None:
        return None
    _, report = _run(design, target, ["--pack-only"], (), name=name)
    return used(report)[target.packed]


def _run(
    design: SynthesisedDesign,
    target: Target,
    options: list[str],
    keep: Sequence[str],
    *,
    name: str,
    late: bool = False,
) -> tuple[Path, dict[str, Any]]:
    """Return folder and report of a run of nextpnr that counts."""
    arguments = [
        *target.options,
        *("--json", "netlist.json", "--report", _REPORT, "--freq", str(target.required_mhz)),
        *options,
    ]
    made_from = (design.sha256, arguments, target.constraints, tool_version(target.router))
    entry = cache_folder() / "place_and_route" / digest("routing", *made_from, *keep)

    def make(work: Path, made: Path) -> None:
        # A link, as a netlist of 64 lanes has some 60 MB.
        (work / "netlist.json").hardlink_to(design.netlist)
        (work / "pins.cst").write_text(target.constraints)
        log = entry.with_suffix(".log")
        try:
            run_tool(target.router, arguments, work, log, f"{name}: nextpnr was ended")
        except ConsilienceError:
            if why_it_failed(log.read_text(errors="replace")) is None:
                raise
            if only_late(log.read_text(errors="replace")):
                (work / _REPORT).rename(made / _LATE)
        else:
            if not ignored_clocks(log.read_text(errors="replace")):
                for file in (_REPORT, *keep):
                    (work / file).rename(made / file)
        log.rename(made / "log")

    made_once(entry, make)
    for report in (_REPORT, _LATE) if late else (_REPORT,):
        if (entry / report).exists():
            return entry, json.loads((entry / report).read_text())
    why = why_it_failed((entry / "log").read_text(errors="replace"))
    raise NotRouted(f"{name}: {why}; the log is {entry / 'log'}")
