"""`LaneGroup`: a beat's golden window, and its top ahead of it."""

import random

import pytest
from amaranth.hdl import Module, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from consilience_hw.primitives.pipeline import delayed, flow
from consilience_hw.reduction.highest_bin import key_bits
from consilience_hw.reduction.lane_group import LaneGroup
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from consilience_sim.testing.stream_bench import bits_of, fields_of, run_stream
from tests.hw.golden_windows import assert_state_of, some_codes


class WithItsTop(wiring.Component):
    """A group whose state comes with the key that it gave `lead` cycles before."""

    def __init__(self, lanes):
        self.group = LaneGroup(Q16_16, lanes)
        self.lanes, self.latency = lanes, self.group.latency
        key = unsigned(key_bits(Q16_16))
        both = {"state": self.group.o.payload.shape(), "highest": key, "valid_then": 1}
        super().__init__(
            {
                "i": In(flow(self.group.i.payload.shape())),
                "o": Out(flow(data.StructLayout(both))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.group = group = self.group
        m.d.comb += [
            group.i.p.eq(self.i.p),
            group.i.valid.eq(self.i.valid),
            self.o.p.state.eq(group.o.p),
            self.o.p.highest.eq(delayed(m, group.highest.p, group.lead, "highest")),
            self.o.p.valid_then.eq(delayed(m, group.highest.valid, group.lead, "valid")),
            self.o.valid.eq(group.o.valid),
        ]
        return m


@pytest.mark.parametrize("lanes", [1, 2, 3, 4, 7, 8])
def test_state_and_top(lanes):
    """For few lanes the highest bin waits for `Exp2`, for many the codes for the highest bin."""
    choose = random.Random(lanes)
    dut = WithItsTop(lanes)
    beats, kept = [], []
    for _ in range(200):
        codes, keep = some_codes(choose, lanes), choose.choice([-1, choose.getrandbits(lanes)])
        beat = {"codes": codes, "keep": keep, "last": choose.getrandbits(1)}
        beats.append(bits_of(dut.i.payload.shape(), beat))
        kept.append([code for lane, code in enumerate(codes) if keep >> lane & 1])
    run = run_stream(dut, beats, len(beats), gaps=0.2)
    assert {b - a for a, b in zip(run.accepted, run.produced, strict=True)} == {dut.latency}
    presence = 1 << key_bits(Q16_16) - 1
    for codes, bits in zip(kept, run.outputs, strict=True):
        output = fields_of(dut.o.payload.shape(), bits)
        assert_state_of(codes, output.state)
        assert output.valid_then
        top = golden.window(codes, Q16_16).top
        assert output.highest >= presence if top is not None else output.highest < presence
        assert top is None or output.highest == presence + top + presence // 2, codes
