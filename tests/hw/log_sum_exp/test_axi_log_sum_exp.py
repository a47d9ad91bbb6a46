"""`AxiLogSumExp`: packets, marks and keeps with gaps and back-pressure, by the rules of AXI."""

import random

import pytest
from amaranth.hdl import Module
from amaranth.sim import Simulator

from consilience_hw.log_sum_exp.axi_log_sum_exp import AxiLogSumExp
from consilience_hw.spec.log_format import Q16_16, LogFormat
from consilience_sim import golden

MASK = (1 << 32) - 1


def beats_of(packets, lanes, choose):
    """Return (data, keep, last, user) of each beat; used lanes anywhere, beats of none between."""
    beats = []
    for codes, mark in packets:
        left = list(codes)
        rows = []
        while left or not rows:
            used = [choose.random() < 0.8 for _ in range(lanes)]
            data = keep = 0
            for lane in range(lanes):
                if used[lane] and left:
                    data |= (left.pop(0) & MASK) << 32 * lane
                    keep |= 0xF << 4 * lane
                else:
                    data |= choose.getrandbits(32) << 32 * lane
                    keep |= choose.choice((0, 7, 14, 11)) << 4 * lane
            rows.append((data, keep, 0, choose.getrandbits(1)))
        rows[-1] = (*rows[-1][:2], 1, mark)
        beats += rows
    return beats


def run(dut, beats, results, *, gaps=0.0, stalls=0.0, seed=0, watchdog=200_000):
    """Return what came, (data, user, last), and the cycles of last beats and of results."""
    choose = random.Random(seed)
    m = Module()
    m.submodules.dut = dut
    got, ends, produced = [], [], []
    cycle = 0

    async def bench(ctx):
        nonlocal cycle
        place, offers, offered = 0, False, None
        while len(got) < results or place < len(beats) or cycle < produced[-1] + 100:
            if not offers:
                offers = place < len(beats) and choose.random() >= gaps
                data, keep, last, user = beats[place] if offers else (choose.getrandbits(32),) * 4
                ctx.set(dut.s_axis_tdata, data)
                ctx.set(dut.s_axis_tkeep, keep & (1 << len(dut.s_axis_tkeep)) - 1)
                ctx.set(dut.s_axis_tlast, last & 1)
                ctx.set(dut.s_axis_tuser, user & 1)
                ctx.set(dut.s_axis_tvalid, offers)
            ready = choose.random() >= stalls
            ctx.set(dut.m_axis_tready, ready)
            _, _, taken, valid, data, user, last = await ctx.tick().sample(
                dut.s_axis_tready,
                *(dut.m_axis_tvalid, dut.m_axis_tdata, dut.m_axis_tuser, dut.m_axis_tlast),
            )
            result = (data, user, last)
            assert offered is None or (valid and result == offered), "an offered result changed"
            offered = result if valid and not ready else None
            if valid and ready:
                got.append(result)
                produced.append(cycle)
            if offers and taken:
                if beats[place][2]:
                    ends.append(cycle)
                place, offers = place + 1, False
            cycle += 1
            assert cycle < watchdog, (
                f"{len(got)} of {results} results, {place} of {len(beats)} beats"
            )

    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return got, ends, produced


def packets_of(choose, lanes, fmt, count):
    def code():
        return choose.choice(
            (fmt.log_of_zero, fmt.max_code, choose.randint(fmt.min_code, fmt.max_code), 0)
        )

    lengths = (0, 1, 1, 2, lanes, lanes + 1, 3 * lanes)
    return [
        ([code() for _ in range(choose.choice(lengths))], choose.getrandbits(1))
        for _ in range(count)
    ]


@pytest.mark.parametrize(
    ("lanes", "serial", "gaps", "stalls"),
    [
        (1, False, 0, 0),
        (3, False, 0.4, 0),
        (5, False, 0, 0.6),
        (2, False, 0.3, 0.5),
        (2, True, 0.3, 0.5),
    ],
)
def test_packets(lanes, serial, gaps, stalls):
    choose = random.Random(100 * lanes + 10 * serial)
    dut = AxiLogSumExp(lanes=lanes, serial=serial)
    packets = packets_of(choose, lanes, Q16_16, 6 if serial else 40)
    beats = beats_of(packets, lanes, choose)
    got, ends, produced = run(dut, beats, len(packets), gaps=gaps, stalls=stalls, seed=lanes)
    for (codes, mark), result in zip(packets, got, strict=True):
        code, status = golden.log_sum(codes, Q16_16)
        assert result == (code & MASK, status, mark), codes
    if not stalls:
        assert {b - a for a, b in zip(ends, produced, strict=True)} == {dut.latency}


def test_a_closed_sink_stops_the_source_and_loses_no_mark():
    dut = AxiLogSumExp(lanes=1)
    choose = random.Random(3)
    packets = [([k], k % 3 == 0) for k in range(dut.unit.depth + 40)]
    got, _, _ = run(dut, beats_of(packets, 1, choose), len(packets), stalls=0.9, seed=4)
    assert got == [(k, 0, k % 3 == 0) for k in range(len(packets))]


def test_codes_of_another_format_are_sign_extended():
    fmt = LogFormat(integer_bits=8, fraction_bits=8, mantissa_bits=16)
    choose = random.Random(5)
    dut = AxiLogSumExp(fmt, lanes=2)
    packets = packets_of(choose, 2, fmt, 30)
    beats = beats_of(packets, 2, choose)
    got, _, _ = run(dut, beats, len(packets), gaps=0.2, stalls=0.2, seed=6)
    expected = [golden.log_sum(codes, fmt) for codes, _ in packets]
    assert [(data, user) for data, user, _ in got] == [(c & MASK, s) for c, s in expected]
    assert any(code < 0 for code, _ in expected)
