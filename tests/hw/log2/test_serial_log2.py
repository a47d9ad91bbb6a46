"""`SerialLog2`: its table and integer model, and states one after the other."""

import random
from functools import cache

import mpmath
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from consilience_hw.log2 import log2_rom
from consilience_hw.log2 import serial_log2_rom as rom
from consilience_hw.log2.log2 import result_layout
from consilience_hw.log2.serial_log2 import SerialLog2
from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from consilience_sim.testing.stream_bench import StreamBench, bits_of, fields_of
from tests.hw.golden_windows import state_fields

HARD = ResultStatus.HARD_TO_ROUND


def test_error_bound_is_derived_and_holds():
    assert 89 < rom.error_bound() <= log2_rom.ERROR
    choose = random.Random(5)
    worst = 0.0
    with mpmath.workprec(200):
        for number in range(3000):
            bits = choose.randrange(1, 61) if number % 2 else 60
            full = (1 << 60) + choose.getrandbits(bits)
            got = rom.serial_log2_rom().log2(full >> 60 - log2_rom.G)
            true = mpmath.log(mpmath.mpf(full) / 2**60, 2) * 2**log2_rom.G
            worst = max(worst, abs(got - true))
    assert 1 < worst <= rom.error_bound()


def test_both_ends_of_the_mantissa():
    one = 1 << log2_rom.G
    assert abs(rom.serial_log2_rom().log2(one)) <= log2_rom.ERROR
    assert one - rom.serial_log2_rom().log2(2 * one - 1) <= log2_rom.ERROR


class Held(wiring.Component):
    """A unit behind a register: what entered it stays there."""

    def __init__(self):
        self.unit = SerialLog2()
        super().__init__({"i": In(self.unit.i.signature.flip()), "o": Out(self.unit.o.signature)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = self.unit
        m.d.sync += self.unit.i.valid.eq(self.i.valid)
        with m.If(self.i.valid):
            m.d.sync += self.unit.i.p.eq(self.i.p)
        wiring.connect(m, self.unit.o, wiring.flipped(self.o))
        return m


@cache
def bench():
    return StreamBench(Held())


def results_of(states):
    """Return (code, status) of each state, every one alone."""
    results = []
    dut = bench().component
    for state in states:
        beat = bits_of(dut.unit.i.payload.shape(), state)
        run = bench().run([beat], 1)
        assert run.produced[0] - run.accepted[0] == dut.unit.latency + 1
        result = fields_of(result_layout(Q16_16), run.outputs[0])
        results.append((result.code, result.status))
    return results


def test_states():
    choose = random.Random(2)
    multisets = [
        [0],
        [0, 0],
        [Q16_16.min_code],
        [Q16_16.max_code],
        [Q16_16.max_code] * 3,
        [Q16_16.log_of_zero],
        *(
            [choose.randrange(base - (8 << 16), base) for _ in range(choose.choice([1, 2, 30]))]
            for base in (choose.randrange(-(2**30), 2**30) for _ in range(10))
        ),
    ]
    states = [state_fields(golden.window(codes, Q16_16)) for codes in multisets]
    for codes, result in zip(multisets, results_of(states), strict=True):
        assert result == golden.log_sum(codes, Q16_16), codes


def test_over_capacity():
    state = {"present": 1, "top": 0, "slots": [1] * 8, "count": 0, "over": 1}
    ((_, status),) = results_of([state])
    assert status == ResultStatus.OVER_CAPACITY


def test_a_border_is_marked():
    total = int(golden.borders.borders(16)[12345]) >> golden.borders.WIDTH - 64
    slots = [total >> 8 * rank & 255 for rank in range(8)]
    # Top 7: bin j is in slot j.
    state = {"present": 1, "top": 7, "slots": slots, "count": 1, "over": 0}
    ((code, status),) = results_of([state])
    right, _ = golden.finish(total, 7, Q16_16)
    assert status == HARD
    assert abs(code - right) <= 1
