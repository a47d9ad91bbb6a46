"""`BeatReducer` against the golden window of each beat, however many groups of lanes it has."""

import random

import pytest
from amaranth.sim import Simulator

from consilience_hw.reduction.beat_reducer import GROUP_LANES, BeatReducer
from consilience_hw.spec.log_format import Q16_16, LogFormat
from consilience_sim import golden
from consilience_sim.testing.stream_bench import bits_of, fields_of, run_stream
from tests.hw.golden_windows import assert_state_of, some_codes


@pytest.mark.parametrize("lanes", [1, 2, 3, 9, 16, 17, 24, 40, 64])
def test_partial_state_equals_the_golden_window(lanes):
    choose = random.Random(lanes)
    dut = BeatReducer(Q16_16, lanes)
    beats, kept = [], []
    for _ in range(100):
        # Each group at a height of its own, as often as not.
        size = choose.choice([GROUP_LANES, lanes])
        codes = [code for _ in range(0, lanes, size) for code in some_codes(choose, size)][:lanes]
        keep = choose.choice([-1, choose.getrandbits(lanes), 1 << choose.randrange(lanes)])
        beats.append(bits_of(dut.i.payload.shape(), {"codes": codes, "keep": keep, "last": 1}))
        kept.append([code for lane, code in enumerate(codes) if keep >> lane & 1])
    run = run_stream(dut, beats, len(beats), gaps=0.1)
    assert {b - a for a, b in zip(run.accepted, run.produced, strict=True)} == {dut.latency}
    for codes, bits in zip(kept, run.outputs, strict=True):
        assert_state_of(codes, fields_of(dut.o.payload.shape(), bits))


@pytest.mark.parametrize("lanes", [3, 20])
def test_without_a_beat_the_state_is_absent(lanes):
    """What stands on the lanes then is no evidence: what follows needs no valid to know it."""
    dut = BeatReducer(Q16_16, lanes)
    layout = dut.o.payload.shape()
    found = []

    async def watch(ctx):
        beat = {"codes": [1 << 16] * lanes, "keep": -1, "last": 1}
        ctx.set(dut.i.p.as_value(), bits_of(dut.i.payload.shape(), beat))
        for cycle in range(2 * dut.latency):
            ctx.set(dut.i.valid, cycle == 3)
            await ctx.tick()
            found.append((ctx.get(dut.o.valid), ctx.get(dut.o.p.as_value())))

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(watch)
    simulator.run()
    assert [valid for valid, _ in found].count(1) == 1
    for valid, bits in found[dut.latency :]:
        state = fields_of(layout, bits)
        assert state.present == valid


@pytest.mark.parametrize(("lanes", "codes"), [(1, 1), (3, 3), (8, 8), (9, 9), (20, 32), (64, 64)])
def test_codes_that_a_state_may_hold(lanes, codes):
    assert BeatReducer(Q16_16, lanes).codes == codes


@pytest.mark.parametrize(
    "fmt",
    [
        LogFormat(integer_bits=8, fraction_bits=8, mantissa_bits=16),
        LogFormat(fraction_bits=12, bin_width=32, window_bins=3),
    ],
    ids=lambda fmt: f"{fmt}-B{fmt.bin_width}",
)
def test_other_formats(fmt):
    choose = random.Random(fmt.identifier)
    dut = BeatReducer(fmt, lanes=24)
    multisets = [
        [choose.randrange(fmt.log_of_zero, fmt.max_code + 1) for _ in range(24)] for _ in range(30)
    ]
    layout = dut.i.payload.shape()
    beats = [bits_of(layout, {"codes": codes, "keep": -1, "last": 1}) for codes in multisets]
    run = run_stream(dut, beats, len(beats))
    for codes, bits in zip(multisets, run.outputs, strict=True):
        state, window = fields_of(dut.o.payload.shape(), bits), golden.window(codes, fmt)
        assert (state.present, state.top, state.count) == (1, window.top, window.count), codes
        assert tuple(state.slots) == window.slots, codes
