"""The committed figures, and regressions against them."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from consilience_tools.pages.stamp import ROOT, checked_out
from consilience_tools.place_and_route.configurations import Configuration
from consilience_tools.place_and_route.measurement import Measurement
from consilience_tools.place_and_route.origins import origin

__all__ = [
    "BASELINE",
    "TOLERANCE",
    "confirm_baseline",
    "read_baseline",
    "regressions",
    "write_baseline",
]

BASELINE = Path(__file__).with_name("baseline.json")

TOLERANCE = 0.05
"""A clock lower, or an area larger, by more than this fails."""

_KEPT = (
    *("part", "lanes", "fmax_mhz", "fmax_median_mhz", "latency_cycles", "unit"),
    *("netlist_sha256", "tools"),
)


def read_baseline() -> dict[str, Any]:
    """Return the committed figures of each measured configuration."""
    figures: dict[str, Any] = json.loads(BASELINE.read_text())
    return figures


def regressions(measurement: Measurement, baseline: Mapping[str, Any]) -> list[str]:
    """Return in words each figure that is worse than the baseline by more than `TOLERANCE`.

    A configuration that is not in the baseline has no regressions.
    """
    found: list[str] = []
    before = baseline.get(measurement.configuration.name)
    if before is None:
        return found
    mhz, luts = before["fmax_median_mhz"], before["unit"]["packed_per_lane"]
    if measurement.fmax_mhz < mhz * (1 - TOLERANCE):
        loss = 100 * (1 - measurement.fmax_mhz / mhz)
        found.append(f"{measurement.fmax_mhz:.1f} MHz, {loss:.1f} % below the {mhz:.1f} it had")
    if measurement.packed_per_lane > luts * (1 + TOLERANCE):
        growth = 100 * (measurement.packed_per_lane / luts - 1)
        found.append(
            f"{measurement.packed_per_lane:.0f} LUTs per lane, {growth:.1f} % above the {luts:.0f} "
            "it had"
        )
    return found


def write_baseline(measurements: Iterable[Measurement]) -> None:
    """Put the figures of these configurations into the baseline; the others stay."""
    figures = read_baseline()
    for measurement in measurements:
        value = measurement.as_json()
        kept = {key: value[key] for key in _KEPT}
        kept["critical_path"] = value["critical_path"]["in_words"]
        figures[measurement.configuration.name] = kept | _made_of(measurement.configuration)
    _write(figures)


def confirm_baseline(confirmed: Iterable[Configuration]) -> None:
    """Say of the committed figures of these configurations that they are those of this code."""
    figures = read_baseline()
    for one in confirmed:
        figures[one.name] |= _made_of(one)
    _write(figures)


def _made_of(one: Configuration) -> dict[str, str]:
    return {"commit": checked_out(ROOT), "code": origin(one).digest()}


def _write(figures: Mapping[str, Any]) -> None:
    BASELINE.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
