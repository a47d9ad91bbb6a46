"""`Posterior` with its `LogSumExp` against the golden model."""

import random
from functools import lru_cache

import pytest
from amaranth.hdl import Module

from consilience_hw.fusion.posterior import Posterior
from consilience_hw.log_sum_exp.log_sum_exp import LogSumExp
from consilience_sim import golden
from consilience_sim.testing.stream_bench import StreamBench, bits_of, fields_of

ZERO, LOWEST, HIGHEST = -(2**31), -(2**31) + 1, 2**31 - 1


@lru_cache(maxsize=1)
def bench_of(hypotheses, weights=True):
    """Return the bench of a `Posterior`, and the latency of the `LogSumExp` beside it."""
    dut = Posterior(hypotheses=hypotheses, weights=weights)
    m = Module()
    m.submodules.posterior = dut
    m.submodules.log_sum_exp = lse = LogSumExp(lanes=1)
    m.d.comb += [
        lse.i.p.codes[0].eq(dut.terms.p.code),
        lse.i.p.keep.eq(1),
        lse.i.p.last.eq(dut.terms.p.last),
        lse.i.valid.eq(dut.terms.valid),
        dut.terms.ready.eq(lse.i.ready),
        dut.total.p.eq(lse.o.p),
        dut.total.valid.eq(lse.o.valid),
        lse.o.ready.eq(dut.total.ready),
    ]
    return StreamBench(dut, within=m), lse.latency


def packet(choose, hypotheses):
    """Return (prior, rows, weights): ordinary, extreme, far apart, and with impossible values."""
    draw = choose.choice(
        [
            lambda: choose.randrange(-(2**31), 2**31),
            lambda: choose.choice([ZERO, LOWEST, HIGHEST, 0, 5, -65536]),
            lambda: choose.randrange(-(2**18), 2**18),
            lambda: ZERO if choose.random() < 0.4 else choose.randrange(-200_000, 0),
        ]
    )
    weight = choose.choice(
        [
            lambda: 65536,
            lambda: choose.choice([0, 1, 32768, 65536]),
            lambda: choose.randrange(65537),
        ]
    )
    count = choose.choice([1, 1, 2, 7])
    rows = [[draw() for _ in range(hypotheses)] for _ in range(count)]
    return [draw() for _ in range(hypotheses)], rows, [weight() for _ in range(count)]


def run_packets(bench, packets, **options):
    dut = bench.component
    layout = dut.i.payload.shape()
    beats = []
    for prior, rows, weights in packets:
        all_rows = [(prior, 65536), *zip(rows, weights, strict=True)]
        for number, (row, weight) in enumerate(all_rows):
            for h, code in enumerate(row):
                end, last = h == len(row) - 1, number == len(all_rows) - 1
                beats.append(
                    bits_of(layout, {"code": code, "weight": weight, "end": end, "last": last})
                )
    outputs = sum(len(prior) for prior, _, _ in packets)
    run = bench.run(beats, outputs, **options)
    values = [fields_of(dut.o.payload.shape(), bits) for bits in run.outputs]
    results, codes = [], []
    for value in values:
        codes.append(value.code)
        if value.last:
            results.append((codes, value.status))
            codes = []
        else:
            assert value.status == 0
    return run, results


@pytest.mark.parametrize("hypotheses", [2, 3, pytest.param(7, marks=pytest.mark.slow), 16])
@pytest.mark.parametrize(("gaps", "stalls"), [(0, 0), (0.3, 0.5)])
def test_packets(hypotheses, gaps, stalls):
    seed = 10 * hypotheses + bool(gaps)
    choose = random.Random(seed)
    packets = [packet(choose, hypotheses) for _ in range(60)]
    bench, _ = bench_of(16)
    run, results = run_packets(
        bench, packets, gaps=gaps, stalls=stalls, seed=seed, extra_cycles=200
    )
    for number, (parts, result) in enumerate(zip(packets, results, strict=True)):
        prior, rows, weights = parts
        expected = golden.posterior(rows, weights, prior)
        assert result == (list(expected[0]), expected[1]), f"packet {number} of seed {seed}"
    if not gaps and not stalls and hypotheses == 2:
        beats = len(run.accepted)
        assert run.accepted[-1] - run.accepted[0] == beats - 1, "a beat per cycle"


@pytest.mark.parametrize("hypotheses", [2, 5, 16])
def test_latency_is_the_same_for_all_data(hypotheses):
    choose = random.Random(hypotheses)
    bench, latency = bench_of(16)
    expected = bench.component.latency_of(hypotheses) + latency
    for number in range(6):
        run, _ = run_packets(bench, [packet(choose, hypotheses)], seed=number)
        assert run.produced[-1] - run.accepted[-1] == expected


def test_without_weights_every_other_weight_than_zero_is_one():
    choose = random.Random(6)
    packets = [packet(choose, 3) for _ in range(40)]
    _, results = run_packets(bench_of(4, weights=False)[0], packets)
    for (prior, rows, weights), result in zip(packets, results, strict=True):
        ones = [65536 if weight else 0 for weight in weights]
        expected = golden.posterior(rows, ones, prior)
        assert result == (list(expected[0]), expected[1])


def test_hypotheses_out_of_range():
    with pytest.raises(ValueError, match=r"^hypotheses must be a whole number in 2\.\.16, not 17$"):
        Posterior(hypotheses=17)
