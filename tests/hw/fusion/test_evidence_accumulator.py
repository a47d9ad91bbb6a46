"""`EvidenceAccumulator` against plain integers, and at the capacity of rows."""

import random
from functools import cache

import pytest

from consilience_hw.fusion.evidence_accumulator import EvidenceAccumulator
from consilience_sim.testing.stream_bench import StreamBench, bits_of, fields_of

ZERO = -(2**31)


@cache
def bench():
    return StreamBench(EvidenceAccumulator(hypotheses=16))


def expected_sums(rows):
    """Return [(sum or None if impossible)] of rows of (codes, weight)."""
    sums = []
    for column in zip(*(codes for codes, _ in rows), strict=True):
        weights = [weight for _, weight in rows]
        impossible = any(w and x == ZERO for x, w in zip(column, weights, strict=True))
        sums.append(
            (sum(w * x for x, w in zip(column, weights, strict=True) if x != ZERO), impossible)
        )
    return sums


@pytest.mark.parametrize("hypotheses", [2, 3, 16])
@pytest.mark.parametrize("gaps", [0.0, 0.4])
def test_sums_are_exact(hypotheses, gaps):
    choose = random.Random(hypotheses)
    packets = []
    for _ in range(60):
        draw = choose.choice(
            [
                lambda: choose.choice([ZERO, ZERO + 1, 2**31 - 1]),
                lambda: choose.randrange(ZERO, 2**31),
            ]
        )
        packets.append(
            [
                ([draw() for _ in range(hypotheses)], choose.choice([0, 1, 65535, 65536]))
                for _ in range(choose.randrange(1, 6))
            ]
        )
    dut = bench().component
    layout = dut.i.payload.shape()
    beats = [
        bits_of(
            layout,
            {"code": code, "weight": weight, "end": h == hypotheses - 1, "last": row == rows - 1},
        )
        for rows, packet in ((len(packet), packet) for packet in packets)
        for row, (codes, weight) in enumerate(packet)
        for h, code in enumerate(codes)
    ]
    run = bench().run(beats, hypotheses * len(packets), gaps=gaps, seed=hypotheses)
    values = iter(run.outputs)
    for packet in packets:
        for h, (total, impossible) in enumerate(expected_sums(packet)):
            value = fields_of(dut.o.payload.shape(), next(values))
            assert (value.sum, value.impossible, value.over) == (total, impossible, 0), packet
            assert value.end == (h == hypotheses - 1)


def test_the_sums_of_the_capacity_of_rows_fit():
    # 2**32 rows of the largest product and a prior stay inside the signed sum.
    width = EvidenceAccumulator().o.payload.shape()["sum"].width
    assert 2 ** (width - 1) - 1 >= 2**32 * 2**47 + 2**47
    assert -(2 ** (width - 1)) <= -(2**32) * 2**47 - 2**47


def test_more_rows_than_the_capacity_are_flagged(monkeypatch):
    from consilience_hw.spec.log_format import LogFormat

    monkeypatch.setattr(LogFormat, "capacity", property(lambda self: 8))
    dut = EvidenceAccumulator(hypotheses=2)
    bench = StreamBench(dut)
    layout = dut.i.payload.shape()
    for rows, over in ((8, 0), (9, 1), (20, 1)):
        beats = [
            bits_of(layout, {"code": 1, "weight": 65536, "end": h, "last": row == rows})
            for row in range(rows + 1)  # the prior first
            for h in (0, 1)
        ]
        run = bench.run(beats, 2)
        flags = [fields_of(dut.o.payload.shape(), bits).over for bits in run.outputs]
        assert flags == [over, over], rows
