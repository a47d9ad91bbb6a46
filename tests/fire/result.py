"""All of a campaign: tallies by layer, the table by cell, and whether it holds."""

from collections import Counter
from dataclasses import dataclass, field

from tests.fire.faults import CELLS, Cell
from tests.fire.parts import Layer
from tests.fire.tally import Tally

__all__ = ["EACH", "THROUGH_DRIVER", "TOTAL", "Result"]

TOTAL, THROUGH_DRIVER, EACH = 1_000_000, 100_000, 1_000
"""Faults that a whole campaign has at least: in all, through the driver, of each cell."""


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
    def through_driver(self) -> int:
        """Faults during calls of the driver."""
        return sum(tally.faults for layer, tally in self.layers.items() if layer.has_driver)

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
        cells = self.cells
        fewest = min(CELLS, key=lambda cell: cells[cell])
        found = {
            f"{self.total.faults:,} faults in all": self.total.faults >= TOTAL,
            f"{self.through_driver:,} through the driver": self.through_driver >= THROUGH_DRIVER,
            f"{cells[fewest]:,} of {fewest.kind.value} {fewest.direction.value}, {fewest.field}": (
                cells[fewest] >= EACH
            ),
        }
        return [text for text, enough in found.items() if self.whole and not enough]

    @property
    def holds(self) -> bool:
        """Every layer held, and there were faults enough."""
        held = all(tally.holds for tally in self.layers.values())
        return bool(self.layers) and held and not self.shortfalls
