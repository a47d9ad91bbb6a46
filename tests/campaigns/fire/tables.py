"""The tables of a campaign, as rows of text: for the terminal and for the page."""

from tests.campaigns.fire.faults import FIELDS, Cell, Direction, Kind
from tests.campaigns.fire.result import Result
from tests.campaigns.fire.tally import Tally
from tests.campaigns.tables import Rows

__all__ = ["cell_table", "layer_table"]


def layer_table(result: Result) -> Rows:
    """Return what became of the faults in each layer, and in all."""
    rows: Rows = [
        (
            *("attacked", "faults", "calls or frames", "right", "raised", "recovered"),
            *("wrong", "hangs", "not usable after", "miscounted", "counts compared"),
        )
    ]
    for layer, tally in result.layers.items():
        rows.append(_tally_row(layer.value, tally))
    rows.append(_tally_row("all", result.total))
    return rows


def _tally_row(name: str, tally: Tally) -> tuple[str, ...]:
    numbers = (
        *(tally.faults, tally.calls, tally.right, tally.raised, tally.recovered),
        *(tally.wrong, tally.hangs, tally.unusable, tally.miscounted, tally.checked),
    )
    return name, *(f"{number:,}" for number in numbers)


def cell_table(result: Result, direction: Direction) -> Rows:
    """Return the faults of each kind by the field of the frame that they hit."""
    fields, cells = FIELDS[direction], result.cells
    rows: Rows = [(direction.value, *fields)]
    for kind in Kind:
        counts = [cells[Cell(kind, direction, field)] for field in fields]
        rows.append((kind.value, *(f"{count:,}" for count in counts)))
    return rows
