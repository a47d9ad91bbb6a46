"""`LogSumExp`: packets of every shape against the golden model, with gaps and back-pressure."""

import random
from functools import lru_cache

import pytest

from consilience_hw.log2.log2 import result_layout
from consilience_hw.log_sum_exp.log_sum_exp import LogSumExp
from consilience_hw.spec.log_format import Q16_16, LogFormat
from consilience_sim import golden
from consilience_sim.testing.stream_bench import StreamBench, bits_of, fields_of

GAPS_ALONE = pytest.param(0.3, 0, marks=pytest.mark.slow)


@lru_cache(maxsize=4)
def bench_of(lanes):
    return StreamBench(LogSumExp(lanes=lanes))


def packet(choose, lanes, fmt):
    """Return one multiset: lengths around a beat, scales around the window, special codes."""
    count = choose.choice([0, 1, 1, 2, 3, lanes, lanes + 1, 2 * lanes, 40])
    low, high = fmt.log_of_zero, fmt.max_code
    one = 1 << fmt.fraction_bits
    base = choose.randrange(low + 1, high + 1)
    draw = choose.choice(
        [
            lambda: choose.randrange(low, high + 1),
            lambda: choose.choice([low, low + 1, high, 0, -1, 8 * one, 8 * one - 1, -8 * one]),
            lambda: base,
            lambda: max(low, base - one * choose.randrange(70)),
        ]
    )
    return [draw() for _ in range(count)]


def beats_of(dut, packets, choose):
    layout, lanes = dut.i.payload.shape(), dut.lanes
    beats, ends = [], []
    for codes in packets:
        for start in range(0, max(1, len(codes)), lanes):
            part = codes[start : start + lanes]
            junk = [choose.getrandbits(31) for _ in range(lanes - len(part))]
            last = start + lanes >= len(codes)
            beats.append(
                bits_of(layout, {"codes": part + junk, "keep": (1 << len(part)) - 1, "last": last})
            )
            ends.append(last)
    return beats, ends


@pytest.mark.parametrize("lanes", [1, 2, 5, 8])
@pytest.mark.parametrize(("gaps", "stalls"), [(0, 0), GAPS_ALONE, (0, 0.5), (0.3, 0.5)])
def test_packets(lanes, gaps, stalls):
    seed = 1000 * lanes + 100 * bool(gaps) + 10 * bool(stalls)
    choose = random.Random(seed)
    bench = bench_of(lanes)
    dut = bench.component
    packets = [packet(choose, lanes, Q16_16) for _ in range(150)]
    beats, ends = beats_of(dut, packets, choose)
    run = bench.run(beats, len(packets), gaps=gaps, stalls=stalls, seed=seed, extra_cycles=200)
    for number, (codes, bits) in enumerate(zip(packets, run.outputs, strict=True)):
        result = fields_of(result_layout(Q16_16), bits)
        expected = golden.log_sum(codes, Q16_16)
        assert (result.code, result.status) == expected, f"packet {number} of seed {seed}: {codes}"
    if not gaps and not stalls:
        assert run.accepted[-1] - run.accepted[0] == len(beats) - 1, "a beat per cycle"
        last = [cycle for cycle, end in zip(run.accepted, ends, strict=True) if end]
        assert {b - a for a, b in zip(last, run.produced, strict=True)} == {dut.latency}


def test_one_beat_packets_at_full_rate():
    bench = bench_of(2)
    dut = bench.component
    choose = random.Random(1)
    packets = [[choose.randrange(-(2**31), 2**31)] for _ in range(300)]
    beats, _ = beats_of(dut, packets, choose)
    run = bench.run(beats, len(packets))
    assert run.accepted == list(range(run.accepted[0], run.accepted[0] + len(beats)))
    assert run.produced == list(range(run.produced[0], run.produced[0] + len(beats)))


def test_a_closed_sink_stops_the_source_and_loses_nothing():
    bench = bench_of(1)
    dut = bench.component
    choose = random.Random(8)
    packets = [[choose.randrange(-(2**20), 2**20)] for _ in range(3 * dut.depth)]
    beats, _ = beats_of(dut, packets, choose)
    run = bench.run(beats, len(packets), stalls=0.97, seed=8, extra_cycles=100)
    results = [fields_of(result_layout(Q16_16), bits).code for bits in run.outputs]
    assert results == [codes[0] for codes in packets]
    # Never more packets inside than it has places for; it stops with one place left, as it hears
    # late of what entered.
    events = [(cycle, 1) for cycle in run.accepted] + [(cycle, -1) for cycle in run.produced]
    inside = peak = 0
    for _, change in sorted(events, key=lambda event: (event[0], event[1])):
        inside += change
        peak = max(peak, inside)
    assert peak == dut.depth - 1


@pytest.mark.parametrize(
    "fmt",
    [
        LogFormat(integer_bits=8, fraction_bits=8, mantissa_bits=16),
        LogFormat(bin_width=16),
        LogFormat(fraction_bits=12, bin_width=32, window_bins=3),
    ],
    ids=lambda fmt: f"{fmt}-B{fmt.bin_width}",
)
def test_other_formats(fmt):
    choose = random.Random(fmt.identifier)
    dut = LogSumExp(fmt, lanes=3)
    packets = [packet(choose, 3, fmt) for _ in range(80)]
    beats, _ = beats_of(dut, packets, choose)
    run = StreamBench(dut).run(beats, len(packets))
    for codes, bits in zip(packets, run.outputs, strict=True):
        result = fields_of(result_layout(fmt), bits)
        assert (result.code, result.status) == golden.log_sum(codes, fmt), codes
