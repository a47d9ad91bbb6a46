"""`SerialAccumulator`: packets of partial states, one at a time, against the golden window."""

import random

from amaranth.sim import Simulator

from consilience_hw.reduction.serial_accumulator import SerialAccumulator
from consilience_hw.reduction.window import window_layout
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from consilience_sim.testing.stream_bench import bits_of, fields_of
from tests.hw.golden_windows import assert_state_of, state_fields


def key_of(state):
    """Return a state's key by its definition: presence, then the bin number plus 2**12."""
    return (state["present"] << 13 | state["top"] + (1 << 12)) if state["present"] else 0


def accumulated(packets, lanes, gaps=0.0, seed=0):
    """Return the state of each packet, a list of partial states; it is read 3 cycles late."""
    choose = random.Random(seed)
    dut = SerialAccumulator(Q16_16, lanes)
    layout = dut.i.payload.shape()
    tops, beats, ends, cycle = {}, {}, [], 0
    for packet in packets:
        for number, state in enumerate(packet):
            while choose.random() < gaps:
                cycle += 1
            tops[cycle] = key_of(state)
            last = number == len(packet) - 1
            beats[cycle + dut.lead] = bits_of(layout, {"state": state, "last": last})
            cycle += 1
        ends.append(cycle - 1 + dut.lead + dut.latency)
        cycle = ends[-1] + 5
    found = []

    async def bench(ctx):
        for now in range(cycle):
            ctx.set(dut.highest.valid, now in tops)
            ctx.set(dut.highest.payload, tops.get(now, choose.getrandbits(14)))
            ctx.set(dut.i.valid, now in beats)
            ctx.set(dut.i.payload, layout.from_bits(beats.get(now, 0)))
            ctx.set(dut.clear, now - 4 in ends)
            assert ctx.get(dut.o.valid) == (now in ends)
            if now - 3 in ends:
                found.append(ctx.get(dut.o.payload.as_value()))
            await ctx.tick()

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return [fields_of(window_layout(Q16_16), bits) for bits in found]


def test_packets():
    choose = random.Random(4)
    for gaps in (0.0, 0.4):
        packets, expected = [], []
        for _ in range(80):
            base = choose.randrange(-(2**31), 2**31)
            spread = choose.choice([1, 40 << 16, 90 << 16, 2**31])
            codes = [
                max(-(2**31), min(2**31 - 1, base - choose.randrange(spread)))
                for _ in range(choose.randrange(1, 13))
            ]
            choose.shuffle(codes)
            groups = [codes[k : k + 2] for k in range(0, len(codes), 2)]
            packets.append([state_fields(golden.window(group, Q16_16)) for group in groups])
            expected.append(codes)
        for codes, state in zip(expected, accumulated(packets, 2, gaps), strict=True):
            assert_state_of(codes, state)


def test_over_capacity_was_forgotten_where_the_count_wraps():
    """The count has 33 bits: 18 eighths of the capacity read as two."""
    share = Q16_16.capacity // 8
    full = {"present": 1, "top": 0, "slots": [1] * 8, "count": share}
    wrapped, after = accumulated([[full] * 18, [full]], share)
    assert (wrapped.count, wrapped.over) == (2 * share, 1)
    assert (after.count, after.over) == (share, 0)


def test_capacity_and_full_slots():
    """Nine eighths of the capacity are over it; the largest sums there are lose no bit."""
    share = Q16_16.capacity // 8
    full = {"present": 1, "top": 0, "slots": [share * 255] * 8, "count": share}
    one = {"present": 1, "top": 0, "slots": [1] * 8, "count": 1}
    whole, over, after, small = accumulated(
        [[full] * 8, [one] * 2 + [full] * 9, [one], [one]], share
    )
    assert tuple(whole.slots) == (Q16_16.capacity * 255,) * 8
    assert (whole.count, whole.over, over.over) == (Q16_16.capacity, 0, 1)
    for state in (after, small):
        assert (tuple(state.slots), state.count, state.over) == ((1,) * 8, 1, 0)
