"""Clock and area of routed configurations, from the files that `make timing` writes."""

import json
from dataclasses import dataclass
from pathlib import Path

from consilience.errors import BadInput

__all__ = ["RoutedFigures", "read_routed"]


@dataclass(frozen=True)
class RoutedFigures:
    """One configuration of `consilience_tools.place_and_route`.

    Parameters
    ----------
    configuration, part : str
    lanes : int
    fmax_mhz : float
        Median clock of the seeds.
    seeds : int
    cells_per_lane : float
        Logic cells of the unit alone.
    cell : str
        Name of the part's logic cell.
    """

    configuration: str
    part: str
    lanes: int
    fmax_mhz: float
    seeds: int
    cells_per_lane: float
    cell: str

    @property
    def evidence_per_second(self) -> float:
        """Codes per second: one beat of all lanes per cycle, at the routed clock."""
        return self.fmax_mhz * 1e6 * self.lanes


def read_routed(folder: Path) -> list[RoutedFigures]:
    """Return the figures in a folder's JSON files, by part and lanes; none if it is missing.

    Raises
    ------
    BadInput
        It is no folder, or a file does not come from `make timing`.
    """
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder}: is no folder; name that of `make timing` with --timing")
    found = []
    for file in sorted(folder.glob("*.json")):
        try:
            value = json.loads(file.read_text())
            if value["unit_is"] == "Engine":  # its figure is of bytes, not of lanes
                continue
            found.append(
                RoutedFigures(
                    configuration=str(value["configuration"]),
                    part=str(value["part"]),
                    lanes=int(value["lanes"]),
                    fmax_mhz=float(value["fmax_median_mhz"]),
                    seeds=len(value["fmax_mhz"]),
                    cells_per_lane=float(value["unit"]["luts_per_lane"]),
                    cell=str(value["unit"]["packed_as"] or "LUT4"),
                )
            )
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise BadInput(
                f"{file}: not a result of `make timing` ({error!r}); remove it, or name another "
                "folder with --timing"
            ) from error
    return sorted(found, key=lambda one: (one.part, one.lanes))
