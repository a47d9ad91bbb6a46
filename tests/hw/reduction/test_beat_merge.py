"""`BeatMerge` against the golden window of both sides' codes, for every lead it may get."""

import random

import pytest
from amaranth.hdl import Module, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from consilience_hw.primitives.pipeline import delayed, flow
from consilience_hw.reduction.beat_merge import BeatMerge
from consilience_hw.reduction.highest_bin import key_bits
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from consilience_sim.testing.stream_bench import bits_of, fields_of, run_stream
from tests.hw.golden_windows import assert_state_of, some_codes, state_fields

CODES = 4


class WithTopsAhead(wiring.Component):
    """A merge whose states are held back by `lead`, and which gives both its outputs together."""

    def __init__(self, lead):
        self.merge = BeatMerge(Q16_16, CODES, lead)
        self.latency = lead + BeatMerge.latency
        pair = {
            "highest": data.ArrayLayout(unsigned(key_bits(Q16_16)), 2),
            "states": self.merge.i.payload.shape(),
        }
        both = {"top": unsigned(key_bits(Q16_16)), "state": self.merge.o.payload.shape()}
        super().__init__(
            {"i": In(flow(data.StructLayout(pair))), "o": Out(flow(data.StructLayout(both)))}
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.merge = merge = self.merge
        wait = self.latency - BeatMerge.top_latency
        m.d.comb += [
            merge.highest.p.eq(self.i.p.highest),
            merge.highest.valid.eq(self.i.valid),
            merge.i.p.eq(delayed(m, self.i.p.states, merge.lead, "states")),
            merge.i.valid.eq(delayed(m, self.i.valid, merge.lead, "valid", reset=True)),
            self.o.p.top.eq(delayed(m, merge.top.p, wait, "top")),
            self.o.p.state.eq(merge.o.p),
            self.o.valid.eq(merge.o.valid & delayed(m, merge.top.valid, wait, "top_valid")),
        ]
        return m


@pytest.mark.parametrize("lead", [BeatMerge.least_lead, BeatMerge.least_lead + 4])
def test_window_of_the_union(lead):
    choose = random.Random(lead)
    dut = WithTopsAhead(lead)
    presence = 1 << key_bits(Q16_16) - 1
    pairs, beats = [], []
    for _ in range(300):
        # A window's height or two between the sides, as often as not.
        both = some_codes(choose, 2 * CODES)
        cut = choose.randrange(1, CODES + 1)
        pair = both[:cut], both[cut : cut + CODES]
        windows = [golden.window(codes, Q16_16) for codes in pair]
        keys = [
            choose.randrange(presence) if w.top is None else presence + w.top + presence // 2
            for w in windows
        ]
        beat = {"highest": keys, "states": [state_fields(window) for window in windows]}
        beats.append(bits_of(dut.i.payload.shape(), beat))
        pairs.append((pair, max(keys)))
    run = run_stream(dut, beats, len(beats), gaps=0.2)
    assert {b - a for a, b in zip(run.accepted, run.produced, strict=True)} == {dut.latency}
    for ((a, b), key), bits in zip(pairs, run.outputs, strict=True):
        output = fields_of(dut.o.payload.shape(), bits)
        assert_state_of(a + b, output.state)
        assert output.top == key, (a, b)


def test_a_lead_too_short_is_refused():
    with pytest.raises(ValueError, match=r"^lead must be at least 5, not 4$"):
        BeatMerge(lead=BeatMerge.least_lead - 1)
