"""The bench of the gateware's frame parser, compiled."""

import random
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from consilience_hw.spec.link_map import Counter
from consilience_sim.compiled import StreamSimulation
from consilience_sim.testing.link_oracle import crc32
from tests.campaigns.fire.bench_stream import Event, pieces
from tests.campaigns.fire.faults import CELLS, Direction, Kind, Schedule
from tests.campaigns.fire.parser_model import ParserModel
from tests.campaigns.fire.receiver_unit import ReceiverUnit, Told
from tests.campaigns.fire.tally import Tally

__all__ = ["attack_gateware_parser"]

_HEADER, _LARGEST = 16, 256
_BATCH = 1 << 14
"""Bytes in a run of the simulation."""


class _Batch:
    """Bytes up to a reset, and what the model makes of them."""

    def __init__(self) -> None:
        self.model = ParserModel(_HEADER, _LARGEST)
        self.beats: list[tuple[bytes, bool]] = []
        self.frames: list[bytes] = []
        self.size = 0

    def put(self, data: bytes) -> None:
        self.frames += self.model.feed(data)
        self.beats.append((data, False))
        self.size += len(data)

    def gap(self) -> None:
        self.model.silence()
        self.beats.append((b"\0", True))

    @property
    def outputs(self) -> int:
        """Words that the unit has to give: type and sequence, payload; and drops."""
        model = self.model
        words = sum((len(frame) + 2) // 4 for frame in self.frames)
        return words + model.bad_framing + model.bad_crc + model.gaps

    def payloads(self) -> NDArray[np.uint8]:
        parts = [
            np.stack((np.frombuffer(data, np.uint8), np.full(len(data), gap, np.uint8)), axis=1)
            for data, gap in self.beats
        ]
        return np.concatenate(parts or [np.empty((0, 2), np.uint8)])


def attack_gateware_parser(
    seed: int,
    each: int,
    progress: Callable[[int], None],
    unit: ReceiverUnit | None = None,
) -> Tally:
    """Feed frames and faults with pauses and a sink that stalls; compare all with the model.

    A delay is a silence that a UART PHY reports, a pulled cable is followed by the zero that a host
    begins with.
    """
    choose = random.Random(seed)
    cells = tuple(cell for cell in CELLS if cell.direction is Direction.TO_DEVICE)
    schedule = Schedule(cells, each, choose)
    tally = Tally()
    unit = unit or ReceiverUnit(_LARGEST)
    with StreamSimulation(unit, name="frame receiver") as simulation:
        batch, left, hit = _Batch(), len(schedule), False
        for group in pieces(schedule, Direction.TO_DEVICE, choose, tally):
            before = len(batch.frames)
            for piece in group:
                if not isinstance(piece, Event):
                    batch.put(piece)
                elif piece.kind is Kind.DELAY:
                    batch.gap()
                elif piece.kind is Kind.UNPLUG:
                    batch.put(b"\0")
                else:
                    _run(simulation, batch, choose, tally)
                    simulation.reset()
                    batch, before = _Batch(), 0
            clean = len(schedule) == left
            tally.calls += 1
            tally.recovered += hit and clean and len(batch.frames) > before
            hit, left = not clean, len(schedule)
            if batch.size > _BATCH:
                # Everything has left the unit: the next batch begins with a frame that may be cut.
                _run(simulation, batch, choose, tally)
                batch = _continued(batch)
                progress(tally.faults)
            if tally.failures > 20:
                break
        _run(simulation, batch, choose, tally)
    progress(tally.faults)
    return tally


def _continued(batch: _Batch) -> _Batch:
    """Return an empty batch whose model knows of the frame that has begun."""
    following = _Batch()
    following.model = batch.model
    following.model.bad_framing = following.model.bad_crc = following.model.gaps = 0
    return following


def _run(simulation: StreamSimulation, batch: _Batch, choose: random.Random, tally: Tally) -> None:
    beats = batch.payloads()
    tally.checked += 1
    tally.right += len(batch.frames)
    try:
        outputs, _, _ = simulation.run(
            beats,
            batch.outputs,
            gaps=choose.choice((0.0, 0.2)),
            stalls=choose.choice((0.0, 0.3)),
            seed=choose.getrandbits(32),
            max_cycles=1000 + 20 * len(beats),
            extra_cycles=40,
        )
    except RuntimeError as error:
        tally.complain("wrong", str(error))
        simulation.reset()
        return
    words = np.ascontiguousarray(outputs[:, :4]).view("<u4")[:, 0]
    told = outputs[:, 4]
    drops = words[told == Told.DROP]
    expected = {
        Counter.BAD_FRAMING: batch.model.bad_framing,
        Counter.BAD_CRC: batch.model.bad_crc,
        Counter.GAPS: batch.model.gaps,
    }
    found = {counter: int(np.count_nonzero(drops == counter)) for counter in expected}
    if found != expected:
        tally.complain("miscounted", f"{found}, not {expected}")
    kept = told != Told.DROP
    # Type and sequence are the upper half of a frame's first word; the lower is of no frame.
    starts = np.flatnonzero(np.append(True, told[kept][:-1] == Told.LAST))
    words = words[kept]
    words[starts[: len(words)]] &= np.uint32(0xFFFF_0000)
    whole = b"".join(b"\0\0" + frame for frame in batch.frames)
    if words.astype("<u4").tobytes() != whole:
        tally.complain("wrong", f"frames of {len(beats)} bytes differ, crc {crc32(whole):08x}")
