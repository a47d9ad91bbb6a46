"""Frames and faults for a bench of a parser: every second frame or so is hit."""

import random
from collections.abc import Iterator
from typing import NamedTuple

from consilience_sim.testing.link_oracle import encode_content
from tests.campaigns.fire.faults import BYTE_KINDS, FIELDS, Cell, Direction, Kind, Schedule, damaged
from tests.campaigns.fire.frame_fields import fields_of
from tests.campaigns.fire.tally import Tally

__all__ = ["Event", "Piece", "pieces"]

_POOL = 1000


class Event(NamedTuple):
    """What happens between two pieces of bytes: DELAY, RESET or UNPLUG."""

    kind: Kind


Piece = bytes | Event


class _Frame(NamedTuple):
    encoded: bytes
    fields: list[str]


def pieces(
    schedule: Schedule, direction: Direction, choose: random.Random, tally: Tally
) -> Iterator[list[Piece]]:
    """Yield what happens to one frame after the other until the schedule is empty.

    A frame that is hit is followed by an undamaged one as often as not. Faults are counted in
    `tally`.
    """
    header = 4 * (len(FIELDS[direction]) - 6)
    pool = [_frame(choose, header, direction) for _ in range(_POOL)]
    while schedule:
        frame, fields = choose.choice(pool)
        if choose.random() < 0.4:
            yield [frame]
            continue
        (cell,) = schedule.take(1)
        if cell.field not in fields:
            schedule.put_back(cell)
            continue
        tally.injected[cell] += 1
        yield _hit(frame, fields, cell, choose)
    yield [choose.choice(pool).encoded] * 2


def _hit(frame: bytes, fields: list[str], cell: Cell, choose: random.Random) -> list[Piece]:
    place = choose.choice([at for at, field in enumerate(fields) if field == cell.field])
    if cell.kind in BYTE_KINDS:
        return [damaged(frame, place, cell.kind, choose)]
    rest = b"" if cell.kind is Kind.UNPLUG else frame[place:]
    return [frame[:place], Event(cell.kind), rest]


def _frame(choose: random.Random, header: int, direction: Direction) -> _Frame:
    """Return a frame of any type and content, with zeros, and at times a block of full length."""
    size = header + 4 * choose.choice((0, 1, 2, 5, 9, 16, 40))
    weights = choose.choice(((1, 0), (20, 1), (3, 1)))
    filled = choose.choices((None, 0), weights, k=2 + size)
    content = bytes(choose.randrange(1, 256) if byte is None else 0 for byte in filled)
    frame = encode_content(content)
    return _Frame(frame, fields_of(frame, FIELDS[direction]))
