"""All of a campaign: tallies by layer, the table by cell, and whether it holds."""

from collections import Counter
from dataclasses import dataclass, field

from tests.campaigns.fire.faults import CELLS, Cell
from tests.campaigns.fire.parts import Layer
from tests.campaigns.fire.tally import Tally

__all__ = ["EACH", "THROUGH_DRIVER", "TOTAL", "Result"]

TOTAL, THROUGH_DRIVER, EACH = 1_000_000, 100_000, 1_000
"""Faults that a whole campaign has at least: in all, through the driver, and there of each cell."""


@dataclass
class Result:
    """What a run found.

    Parameters
    ----------
    layers : dict of Layer to Tally
    seconds : int
    whole : bool
        A whole campaign, which must also have enough faults.
    """

    layers: dict[Layer, Tally] = field(default_factory=dict)
    seconds: int = 0
    whole: bool = True

    def add(self, layer: Layer, tally: Tally) -> None:
        """Add what a part did."""
        self.layers.setdefault(layer, Tally()).add(tally)

    @property
    def cells(self) -> Counter[Cell]:
        """Faults of each cell, over all layers."""
        return sum((tally.injected for tally in self.layers.values()), Counter())

    @property
    def driver_cells(self) -> Counter[Cell]:
        """Faults of each cell during calls of the driver."""
        layers = self.layers.items()
        return sum((tally.injected for layer, tally in layers if layer.has_driver), Counter())

    @property
    def through_driver(self) -> int:
        """Faults during calls of the driver."""
        return self.driver_cells.total()

    @property
    def least_through_driver(self) -> tuple[Cell, int]:
        """The cell with the fewest faults during calls of the driver, and how many these are."""
        cells = self.driver_cells
        fewest = min(CELLS, key=lambda cell: cells[cell])
        return fewest, cells[fewest]

    @property
    def total(self) -> Tally:
        """All layers together."""
        total = Tally()
        for tally in self.layers.values():
            total.add(tally)
        return total

    @property
    def shortfalls(self) -> list[str]:
        """What is missing of a whole campaign, in words."""
        cell, least = self.least_through_driver
        through = f"{self.through_driver:,} through the driver"
        of_cell = f"{least:,} of {cell.kind.value} {cell.direction.value}, {cell.field}"
        found = {
            f"{self.total.faults:,} faults in all": self.total.faults >= TOTAL,
            through: self.through_driver >= THROUGH_DRIVER,
            f"{of_cell}, through the driver": least >= EACH,
        }
        return [text for text, enough in found.items() if self.whole and not enough]

    @property
    def holds(self) -> bool:
        """Every layer held, and there were faults enough."""
        held = all(tally.holds for tally in self.layers.values())
        return bool(self.layers) and held and not self.shortfalls
