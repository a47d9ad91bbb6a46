"""Cycle numbers of every transfer, for data as different as can be: they must be the same."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from amaranth.hdl import Module, Shape, Signal
from amaranth.lib import data, stream

from consilience_hw.fusion.evidence_accumulator import WEIGHT_BITS
from consilience_hw.log_sum_exp.log_sum_exp import LogSumExp
from consilience_hw.spec.log_format import Q16_16
from consilience_sim.testing.stream_bench import run_stream

__all__ = ["DATA", "Timing", "flow_timing", "job_timing", "posterior_timing"]

SEED = 20_261
ONE = 1 << WEIGHT_BITS
LIMIT = 5_000
"""Cycles after which a run has failed: far more than any takes."""

Data = Callable[[random.Random, int], int]
"""Returns a field of so many bits."""

DATA: dict[str, Data] = {
    "zero": lambda choose, width: 0,
    "log of zero": lambda choose, width: 1 << width - 1,
    "all ones": lambda choose, width: (1 << width) - 1,
    "highest": lambda choose, width: (1 << width - 1) - 1,
    "random": lambda choose, width: choose.getrandbits(width),
    "half log of zero": lambda choose, width: choose.choice(
        [1 << width - 1, choose.getrandbits(width)]
    ),
}
"""What stands in every field that holds data."""


@dataclass(frozen=True)
class Timing:
    """Cycles of all transfers at a unit's input and output."""

    accepted: tuple[int, ...]
    produced: tuple[int, ...]


def flow_timing(component: Any, kind: Data, rough: bool, packets: int = 40) -> Timing:
    """Return the timing of a unit with ``i`` and ``o``, for packets of a fixed list of lengths.

    Control is the fields `last` and `end`; a payload without them is one packet per beat.
    """
    control, choose = random.Random(SEED), random.Random(SEED + 1)
    layout = component.i.payload.shape()
    fields = dict(layout) if isinstance(layout, data.StructLayout) else {}
    beats, outputs = [], 0
    for _ in range(packets):
        # Two hypotheses a row, where there are rows.
        length = control.choice([1, 1, 2, 3, 7]) * (2 if "end" in fields else 1)
        outputs += (2 if "end" in fields else 1) if "last" in fields else length
        for number in range(length):
            bits = _filled(layout, kind, choose)
            for name, value in (
                ("end", number % 2),
                ("last", number >= length - 2 if "end" in fields else number == length - 1),
            ):
                if name in fields:
                    bits &= ~(1 << fields[name].offset)
                    bits |= value << fields[name].offset
            beats.append(bits)
    return _timing(component, beats, outputs, rough)


def posterior_timing(unit: Any, kind: Data, rough: bool, packets: int = 12) -> Timing:
    """Return the timing of a `Posterior` with its `LogSumExp`, for rows of two hypotheses."""
    control, choose = random.Random(SEED), random.Random(SEED + 1)
    layout = unit.i.payload.shape()
    beats = []
    for _ in range(packets):
        rows = control.choice([2, 2, 3, 5])
        for row in range(rows):
            weight = min(kind(choose, WEIGHT_BITS + 1), ONE)
            for column in range(2):
                beat = {
                    "code": _signed(kind(choose, Q16_16.code_bits)),
                    "weight": weight,
                    "end": column,
                    "last": row == rows - 1,
                }
                beats.append(layout.const(beat).as_bits())
    m = Module()
    m.submodules.unit = unit
    m.submodules.log_sum_exp = total = LogSumExp(Q16_16, 1)
    m.d.comb += [
        total.i.p.codes[0].eq(unit.terms.p.code),
        total.i.p.keep.eq(1),
        total.i.p.last.eq(unit.terms.p.last),
        total.i.valid.eq(unit.terms.valid),
        unit.terms.ready.eq(total.i.ready),
        unit.total.p.eq(total.o.p),
        unit.total.valid.eq(total.o.valid),
        total.o.ready.eq(unit.total.ready),
    ]
    return _timing(unit, beats, 2 * packets, rough, m)


def job_timing(jobs: Any, kind: Data, rough: bool, posterior: bool, records: int = 12) -> Timing:
    """Return the timing of `Jobs`, for REDUCE or for weighted POSTERIOR of two hypotheses."""
    control, choose = random.Random(SEED), random.Random(SEED + 1)

    def codes(count: int) -> list[int]:
        return [kind(choose, 32) for _ in range(count)]

    words = [2 | 1 << 8, *codes(2)] if posterior else []
    for _ in range(records):
        length = control.choice([1, 1, 2, 5])
        words.append(length)
        for _ in range(length if posterior else 0):
            words += [min(kind(choose, WEIGHT_BITS + 1), ONE), *codes(2)]
        words += codes(0 if posterior else length)
    m = Module()
    m.submodules.jobs = jobs
    # The type of the job is known a cycle before its first word, as the session sees to.
    words_in, known = stream.Signature(32).create(), Signal()
    m.d.sync += known.eq(1)
    m.d.comb += [
        jobs.port.posterior.eq(posterior),
        jobs.port.i.p.eq(words_in.p),
        jobs.port.i.valid.eq(words_in.valid & known),
        words_in.ready.eq(jobs.port.i.ready & known),
    ]
    shell = SimpleNamespace(i=words_in, o=jobs.port.o)
    return _timing(shell, words, records * (3 if posterior else 2), rough, m)


def _timing(
    component: Any, beats: Sequence[int], outputs: int, rough: bool, within: Module | None = None
) -> Timing:
    """Run, if `rough` with pauses and stalls that are the same for all data."""
    pace: dict[str, Any] = {"gaps": 0.2, "stalls": 0.4} if rough else {}
    run = run_stream(component, beats, outputs, seed=SEED, within=within, max_cycles=LIMIT, **pace)
    return Timing(tuple(run.accepted), tuple(run.produced))


def _filled(shape: Any, kind: Data, choose: random.Random) -> int:
    """Return a payload in which every number is data."""
    if isinstance(shape, data.Layout):
        return sum(
            _filled(field.shape, kind, choose) << field.offset for _, field in shape if field.width
        )
    return kind(choose, Shape.cast(shape).width)


def _signed(bits: int) -> int:
    return bits - (1 << 32) if bits >> 31 else bits
