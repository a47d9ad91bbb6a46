"""The faults of a campaign: what happens, in which direction, to which field of a frame."""

import random
from collections import deque
from enum import Enum
from typing import NamedTuple

from tests.campaigns.fire.frame_fields import REPLY_FIELDS, REQUEST_FIELDS

__all__ = ["BYTE_KINDS", "CELLS", "Cell", "Direction", "Kind", "Schedule", "damaged"]


class Kind(Enum):
    """What happens at a byte of a frame."""

    FLIP = "flip"
    """One of its bits is inverted."""
    DROP = "drop"
    """It is lost."""
    DUPLICATE = "duplicate"
    """It comes twice."""
    INSERT = "insert"
    """Another byte, any of 256, comes before it."""
    DELAY = "delay"
    """It and all behind it come late, up to many timeouts."""
    TRUNCATE = "truncate"
    """It and the rest of the frame are lost, half the time with the zero that ends it."""
    RESET = "reset"
    """The device is reset just before it."""
    UNPLUG = "unplug"
    """The cable is pulled just before it, and put back for the next call."""


class Direction(Enum):
    """Whose bytes."""

    TO_DEVICE = "to device"
    TO_HOST = "to host"


class Cell(NamedTuple):
    """A cell of the table that a campaign fills."""

    kind: Kind
    direction: Direction
    field: str


FIELDS = {Direction.TO_DEVICE: REQUEST_FIELDS, Direction.TO_HOST: REPLY_FIELDS}

CELLS = tuple(
    Cell(kind, direction, field)
    for direction, fields in FIELDS.items()
    for kind in Kind
    for field in fields
)

BYTE_KINDS = {Kind.FLIP, Kind.DROP, Kind.DUPLICATE, Kind.INSERT, Kind.TRUNCATE}
"""Those that do nothing but change bytes: `damaged`."""


class Schedule:
    """Every cell as often as every other, in random order.

    Parameters
    ----------
    cells : iterable of Cell
    each : int
        Faults of each.
    choose : random.Random
    """

    def __init__(self, cells: tuple[Cell, ...], each: int, choose: random.Random) -> None:
        left = [cell for cell in cells for _ in range(each)]
        choose.shuffle(left)
        self._left = deque(left)

    def __len__(self) -> int:
        return len(self._left)

    def take(self, count: int) -> list[Cell]:
        """Return up to `count` cells that are to be filled next."""
        return [self._left.popleft() for _ in range(min(count, len(self._left)))]

    def put_back(self, cell: Cell) -> None:
        """Take back a fault for which there was no occasion."""
        self._left.append(cell)


def damaged(frame: bytes, place: int, kind: Kind, choose: random.Random) -> bytes:
    """Return a frame's bytes, its zero included, after a fault of `BYTE_KINDS` at `place`."""
    before, byte, after = frame[:place], frame[place], frame[place + 1 :]
    if kind is Kind.FLIP:
        return before + bytes([byte ^ 1 << choose.randrange(8)]) + after
    if kind is Kind.DROP:
        return before + after
    if kind is Kind.DUPLICATE:
        return before + bytes([byte, byte]) + after
    if kind is Kind.INSERT:
        return before + bytes([choose.randrange(256), byte]) + after
    assert kind is Kind.TRUNCATE
    return before + (b"\0" if after and choose.random() < 0.5 else b"")
