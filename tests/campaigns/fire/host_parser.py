"""The bench of the host's frame parser."""

import random
from collections.abc import Callable

from consilience.link.frames import FrameDecoder
from tests.campaigns.fire.bench_stream import Event, pieces
from tests.campaigns.fire.faults import CELLS, Direction, Kind, Schedule
from tests.campaigns.fire.parser_model import ParserModel
from tests.campaigns.fire.tally import Tally

__all__ = ["attack_host_parser"]

_HEADER, _LARGEST = 24, 1408


def attack_host_parser(seed: int, each: int, progress: Callable[[int], None]) -> Tally:
    """Feed frames and faults; every frame taken, and every counter, is compared with the model's.

    A delay ends a chunk of bytes, a pulled cable makes the host forget a frame that has begun, and
    a device that is reset sends no more of its own.
    """
    choose = random.Random(seed)
    cells = tuple(cell for cell in CELLS if cell.direction is Direction.TO_HOST)
    schedule = Schedule(cells, each, choose)
    left = len(schedule)
    decoder, model = FrameDecoder(_HEADER), ParserModel(_HEADER, _LARGEST)
    tally = Tally()
    after_hit = False
    for number, group in enumerate(pieces(schedule, Direction.TO_HOST, choose, tally)):
        got, expected = [], []
        for piece in group:
            if isinstance(piece, Event):
                if piece.kind is Kind.UNPLUG:
                    decoder.reset()
                    model.forget()
                if piece.kind is Kind.RESET:
                    break
            else:
                got += decoder.feed(piece)
                expected += model.feed(piece)
        tally.calls += 1
        if [bytes((frame.type, frame.sequence)) + frame.payload for frame in got] != expected:
            tally.complain("wrong", f"frame {number} of seed {seed}: {group}")
        tally.right += len(expected)
        clean = len(schedule) == left
        tally.recovered += after_hit and clean and bool(expected)
        after_hit = not clean
        left = len(schedule)
        counters = (decoder.bad_framing, decoder.bad_crc)
        tally.checked += 1
        if counters != (model.bad_framing, model.bad_crc):
            tally.complain("miscounted", f"frame {number} of seed {seed}: {counters}")
            decoder, model = FrameDecoder(_HEADER), ParserModel(_HEADER, _LARGEST)
        if not number % 1000:
            progress(tally.faults)
        if tally.failures > 20:
            break
    return tally
