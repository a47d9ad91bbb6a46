"""docs/fire_datagrams.md, and its tables, from what the parts found."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from consilience_tools.pages.stamp import stamped
from consilience_tools.pages.templates import rendered
from tests.campaigns.fire.datagrams.parts import Layer
from tests.campaigns.fire.datagrams.troubles import CELLS, MEANINGS, DatagramCell, Trouble
from tests.campaigns.fire.faults import Direction
from tests.campaigns.fire.frames import troubles as frames
from tests.campaigns.fire.tally import Tally
from tests.campaigns.tables import Rows, markdown

__all__ = ["frame_table", "layer_table", "trouble_table", "write_page"]

_SUMS = (
    *("calls", "right", "raised", "recovered"),
    *("wrong", "hangs", "unusable", "miscounted", "checked"),
)


def layer_table(layers: Mapping[Layer, Tally]) -> Rows:
    """Return what became of the calls, by what was attacked."""
    rows: Rows = [
        (
            *("driver to", "faults", "calls", "right", "raised", "recovered"),
            *("wrong", "hangs", "not usable after", "miscounted", "counts compared"),
        )
    ]
    for name, tally in [(layer.value, one) for layer, one in layers.items()] + [
        ("all", _whole(layers))
    ]:
        numbers = (tally.faults, *(getattr(tally, name) for name in _SUMS))
        rows.append((name, *(f"{number:,}" for number in numbers)))
    return rows


def trouble_table(layers: Mapping[Layer, Tally]) -> Rows:
    """Return how often each trouble of a datagram was, in each direction."""
    cells: Counter[Any] = _whole(layers).injected
    return _table(
        [
            (
                trouble.value,
                [
                    f"{cells[cell]:,}" if (cell := DatagramCell(trouble, way)) in CELLS else ""
                    for way in Direction
                ],
            )
            for trouble in Trouble
        ]
    )


def frame_table(layers: Mapping[Layer, Tally]) -> Rows:
    """Return how often each trouble of a frame was, in each direction."""
    cells: Counter[Any] = _whole(layers).injected
    return _table(
        [
            (
                trouble.value,
                [
                    f"{cells[cell]:,}"
                    if (cell := frames.FrameCell(trouble, way)) in frames.CELLS
                    else ""
                    for way in Direction
                ],
            )
            for trouble in frames.FrameTrouble
        ]
    )


def _table(rows: list[tuple[str, list[str]]]) -> Rows:
    return [
        ("", *(direction.value for direction in Direction)),
        *((name, *counts) for name, counts in rows),
    ]


def write_page(layers: Mapping[Layer, Tally], asked: int, path: Path) -> None:
    """Write the page of the parts that have run, of the faults that a whole run has."""
    whole = _whole(layers)
    text = rendered(
        Path(__file__).with_name("fire_datagrams.md.j2"),
        faults=f"{whole.faults:,}",
        asked=f"{asked:,}",
        partial=whole.faults < asked,
        verdict="everything held" if whole.holds else "NOT everything held",
        became=markdown(layer_table(layers)),
        injected=markdown(trouble_table(layers)),
        meanings={trouble.value: text for trouble, text in MEANINGS.items()},
        of_frames=markdown(frame_table(layers)) if Layer.BOARD in layers else "",
        meanings_of_frames={trouble.value: text for trouble, text in frames.MEANINGS.items()},
    )
    path.write_text(stamped(text, path.name), encoding="utf-8")


def _whole(layers: Mapping[Layer, Tally]) -> Tally:
    whole = Tally()
    for tally in layers.values():
        whole.add(tally)
    return whole
