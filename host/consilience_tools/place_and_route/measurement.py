"""A configuration from its gateware to its figures."""

import statistics
from dataclasses import dataclass
from typing import Any

from consilience_tools.place_and_route.configurations import Configuration
from consilience_tools.place_and_route.routing import (
    NotRouted,
    RoutedDesign,
    packed_cells,
    routed,
)
from consilience_tools.place_and_route.synthesis import cell_counts, synthesised
from consilience_tools.place_and_route.targets import Target
from consilience_tools.place_and_route.tools import YOSYS, Working, tool_version

__all__ = ["Measurement", "measure", "versions"]


@dataclass(frozen=True)
class Measurement:
    """The figures of a configuration.

    Parameters
    ----------
    configuration : Configuration
    latency : int
        `Configuration.latency_of` the unit.
    unit : dict of str to int
        Cells of the unit alone, as yosys makes them: LUT4, carry, FF, BRAM, LUT_RAM, DSP.
    unit_packed : int or None
        Logic cells of the part for the unit alone, as nextpnr packs them.
    runs : tuple of RoutedDesign
        Runs of the unit in its bench, one per seed.
    netlist : str
        SHA-256 of the placed and routed netlist.
    tools : dict of str to str
        Versions.
    """

    configuration: Configuration
    latency: int
    unit: dict[str, int]
    unit_packed: int | None
    runs: tuple[RoutedDesign, ...]
    netlist: str
    tools: dict[str, str]

    @property
    def fmax_mhz(self) -> float:
        """Median clock of the seeds."""
        return statistics.median(run.fmax_mhz for run in self.runs)

    @property
    def luts_per_lane(self) -> float:
        """Look-up tables of the unit alone per lane, summed over yosys' cells."""
        weights = self.configuration.target.luts_of
        luts = sum(weights.get(part, 0) * count for part, count in self.unit.items())
        return luts / self.configuration.lanes

    @property
    def packed_per_lane(self) -> float:
        """Logic cells per lane as nextpnr packs them; `luts_per_lane` if it packs none."""
        if self.unit_packed is None:
            return self.luts_per_lane
        return self.unit_packed / self.configuration.lanes

    @property
    def typical_run(self) -> RoutedDesign:
        """The run whose clock is the median, or the slower of two."""
        runs = sorted(self.runs, key=lambda run: run.fmax_mhz)
        return runs[(len(runs) - 1) // 2]

    def as_json(self) -> dict[str, Any]:
        """Return the figures as they are written to build/timing/."""
        target, lanes = self.configuration.target, self.configuration.lanes
        return {
            "configuration": self.configuration.name,
            "part": target.part,
            "unit_is": self.configuration.unit_name,
            "lanes": lanes,
            "fmax_mhz": {str(run.seed): round(run.fmax_mhz, 2) for run in self.runs},
            "fmax_median_mhz": round(self.fmax_mhz, 2),
            "required_mhz": target.required_mhz,
            "evidence_per_second": round(self.fmax_mhz * 1e6 * self.configuration.codes_per_cycle),
            "latency_cycles": self.latency,
            "unit": {
                **self.unit,
                "packed": self.unit_packed,
                "packed_as": target.packed,
                "luts_per_lane": round(self.luts_per_lane, 1),
                "packed_per_lane": round(self.packed_per_lane, 1),
            },
            "used_with_bench": self.typical_run.used,
            "critical_path": self.typical_run.critical_path.as_json(),
            "netlist_sha256": self.netlist,
            "tools": self.tools,
        }


def versions(target: Target) -> dict[str, str]:
    """Return the versions of the tools that make a routed design for a part.

    Raises
    ------
    ToolMissing
    """
    return {tool: tool_version(tool) for tool in ("amaranth", YOSYS, target.router)}


def measure(configuration: Configuration, working: Working) -> Measurement:
    """Synthesise, place and route a configuration; steps in the cache are not run again.

    Of several seeds the median has to reach the required clock.

    Parameters
    ----------
    configuration : Configuration
    working : Working
        Shows each step.

    Raises
    ------
    ToolMissing
        The message says what to install.
    NotRouted
        The configuration does not fit, or misses the required clock; the message has the figures.
    ConsilienceError
        Yosys failed.
    """
    name, target = configuration.name, configuration.target
    tools = versions(target)
    unit = configuration.unit
    with working(f"{name}: synthesis of the unit alone"):
        alone = synthesised(unit, target, name=f"{name} alone")
        packed = packed_cells(alone, target, name=f"{name} alone")
    with working(f"{name}: synthesis of the unit in its bench"):
        bench = synthesised(configuration.bench, target, name=name)
    runs = []
    several = len(configuration.seeds) > 1 and configuration.clock is None
    for seed in configuration.seeds:
        with working(f"{name}: place and route, seed {seed}"):
            runs.append(
                routed(bench, target, seed, name=name, clock=configuration.clock, late=several)
            )
    measurement = Measurement(
        configuration=configuration,
        latency=configuration.latency_of(unit),
        unit=cell_counts(alone.cells),
        unit_packed=packed,
        runs=tuple(runs),
        netlist=bench.sha256,
        tools=tools,
    )
    if measurement.fmax_mhz < target.required_mhz:
        raise NotRouted(
            f"{name}: the median of its seeds is {measurement.fmax_mhz:.2f} MHz of the "
            f"{target.required_mhz:.2f} MHz required"
        )
    return measurement
