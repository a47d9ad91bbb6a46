"""`HighestBin` against the highest bin of each beat's codes."""

import random

import pytest
from amaranth.hdl import Module, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from consilience_hw.exp2.exp2 import code_layout
from consilience_hw.primitives.pipeline import delayed, flow
from consilience_hw.reduction.highest_bin import HighestBin, key_bits
from consilience_hw.spec.log_format import Q16_16, LogFormat
from consilience_sim.testing.stream_bench import bits_of, run_stream

WIDE_BINS = LogFormat(bin_width=32, window_bins=3)
NARROW = LogFormat(integer_bits=8, fraction_bits=8, mantissa_bits=16)


class PresenceLater(wiring.Component):
    """The unit with codes and their presence in one beat."""

    def __init__(self, fmt, lanes):
        self.inner = HighestBin(fmt, lanes)
        self.latency = self.inner.latency
        codes = data.ArrayLayout(code_layout(fmt), lanes)
        super().__init__({"i": In(flow(codes)), "o": Out(flow(unsigned(key_bits(fmt))))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.inner = inner = self.inner
        for lane, given in enumerate(self.i.p):
            m.d.comb += [
                inner.i.p[lane].code.eq(given.code),
                inner.i.p[lane].present.eq(delayed(m, given.present, 1, f"present_{lane}")),
            ]
        m.d.comb += inner.i.valid.eq(self.i.valid)
        wiring.connect(m, inner.o, wiring.flipped(self.o))
        return m


def lane_of(choose, fmt):
    """A lane's code, present or not, as often as not next to a border of bins."""
    one = fmt.bin_width << fmt.fraction_bits
    code = choose.choice(
        [
            choose.randrange(fmt.min_code, fmt.max_code + 1),
            choose.randrange(-2, 3) * one - choose.randrange(2),
            choose.choice([fmt.min_code, fmt.max_code]),
        ]
    )
    return {"code": code, "present": choose.random() < 0.7}


@pytest.mark.parametrize("fmt", [Q16_16, WIDE_BINS, NARROW], ids=lambda f: f"{f}-B{f.bin_width}")
@pytest.mark.parametrize("lanes", [1, 2, 3, 5, 8])
def test_highest_of_the_present_codes(fmt, lanes):
    choose = random.Random(lanes)
    dut = PresenceLater(fmt, lanes)
    beats = [[lane_of(choose, fmt) for _ in range(lanes)] for _ in range(300)]
    beats.append([{"code": fmt.max_code, "present": 0}] * lanes)
    payloads = [bits_of(dut.i.p.shape(), beat) for beat in beats]
    run = run_stream(dut, payloads, len(beats), gaps=0.2)
    assert {b - a for a, b in zip(run.accepted, run.produced, strict=True)} == {dut.latency}
    presence = 1 << key_bits(fmt) - 1
    for beat, key in zip(beats, run.outputs, strict=True):
        present = [lane["code"] for lane in beat if lane["present"]]
        if present:
            number = (max(present) >> fmt.fraction_bits) // fmt.bin_width
            # As an unsigned number from the lowest bin up.
            assert key == presence + number + presence // 2, beat
        else:
            assert key < presence, beat
