"""The bench tops that place and route is asked about compute what their model says."""

import numpy as np
import pytest
from amaranth.hdl import Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from consilience_hw.benches.serial_bench import SerialBench
from consilience_hw.benches.wide_bench import WORDS, WideBench, WideSource
from consilience_hw.log2.log2 import result_layout
from consilience_hw.primitives.pipeline import delayed, flow
from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from consilience_sim.testing.stream_bench import run_stream
from tests.hw.benches.wide_bench_model import RESULT_BITS, packets_of_bench, signature_of

HARD = ResultStatus.HARD_TO_ROUND
SIGNATURE_CYCLES = 2


class Observed(wiring.Component):
    """A bench as a stream: each result, and the signature of all results up to it."""

    def __init__(self, bench):
        self.bench = bench
        layout = {"result": result_layout(Q16_16).size, "signature": RESULT_BITS}
        super().__init__({"i": In(flow(1)), "o": Out(flow(data.StructLayout(layout)))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.bench = bench = self.bench
        sink = bench.sink
        m.d.comb += [
            self.o.p.result.eq(
                delayed(m, sink.i.p.as_value(), SIGNATURE_CYCLES, "result", reset=True)
            ),
            self.o.p.signature.eq(sink.value),
            self.o.valid.eq(delayed(m, sink.i.valid, SIGNATURE_CYCLES, "valid", reset=True)),
        ]
        return m


def split(payload):
    """Return code, status, result and signature."""
    result, signature = payload & (1 << RESULT_BITS) - 1, payload >> RESULT_BITS
    code = (result & (1 << 32) - 1 ^ 1 << 31) - (1 << 31)
    return code, result >> 32, result, signature


def check(payloads, lanes):
    codes, offsets = packets_of_bench(lanes, 8 * len(payloads) + 64)
    offsets = offsets[: len(payloads) + 1]
    assert len(offsets) == len(payloads) + 1, "the model has packets enough"
    expected, statuses = golden.log_sums(codes[: offsets[-1]], offsets)
    results = []
    for number, payload in enumerate(payloads):
        code, status, result, signature = split(payload)
        near = 1 if status & HARD else 0
        if near:
            packet = codes[offsets[number] : offsets[number + 1]].tolist()
            assert golden.hard_to_round(packet), f"packet {number}"
        assert abs(code - int(expected[number])) <= near, f"packet {number}"
        assert status & ~HARD == statuses[number], f"packet {number}"
        results.append(result)
        assert signature == signature_of(results), f"packet {number}"
    return results


@pytest.mark.parametrize(
    ("bench", "lanes"),
    [
        (WideBench, 1),
        (WideBench, 8),
        (SerialBench, 1),
        pytest.param(SerialBench, 2, marks=pytest.mark.slow),
    ],
)
def test_results_and_signature_are_those_of_the_model(bench, lanes):
    results = check(run_stream(Observed(bench(lanes)), [], 60).outputs, lanes)
    assert len(set(results)) > 40, "results that differ"


def test_packets_are_short_and_of_mixed_scale():
    _, offsets = packets_of_bench(1, WORDS)
    assert 100 < len(offsets) < 160, "a fourth of the beats are last ones"
    codes, offsets = packets_of_bench(64, WORDS)
    positions = codes >> 16
    near = [np.count_nonzero(part > part.max() - 48) for part in np.split(positions, offsets[1:-1])]
    assert np.median(near) > 30, "what is added is more than the largest"
    assert np.ptp(positions) > 1 << 14, "far more than a window occurs"


def test_signature_by_hand():
    assert signature_of([]) == 0
    assert signature_of([1, 1]) == 0b11
    assert signature_of([1 << RESULT_BITS - 1, 0]) == 1, "what is rotated out comes in below"


@pytest.mark.parametrize("lanes", [0, WORDS // 2 + 1])
def test_lanes_beyond_the_stimulus_are_refused(lanes):
    with pytest.raises(ValueError, match="lanes must be in 1"):
        WideSource(lanes)
