"""`Statistic` against the golden tree, for every number of components up to six."""

import random

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from consilience_hw.monitor.log_add import LogAdd, log_added_layout
from consilience_hw.monitor.statistic import Statistic
from consilience_hw.primitives.pipeline import flow
from consilience_hw.spec.monitor_format import MonitorMode
from consilience_sim.golden.monitor import AgentModel, MonitorModel
from consilience_sim.testing.stream_bench import bits_of, fields_of, run_stream
from tests.hw.monitor.monitor_script import BIT, MAX, SPECIAL, ZERO


class Weighted(wiring.Component):
    """A `Statistic` with constant weights."""

    def __init__(self, weights):
        self.weights = weights
        self.unit = Statistic(len(weights))
        layout = self.unit.i.payload.shape()
        super().__init__({"i": In(flow(layout)), "o": Out(flow(log_added_layout()))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = unit = self.unit
        wiring.connect(m, wiring.flipped(self.i), unit.i)
        wiring.connect(m, unit.o, wiring.flipped(self.o))
        m.d.comb += [unit.weights[k].eq(weight) for k, weight in enumerate(self.weights)]
        return m


@pytest.mark.parametrize("components", range(1, 7))
def test_any_components(components):
    choose = random.Random(components)
    weights = [-choose.randint(0, 3 * BIT) for _ in range(components)]
    rows = []
    for _ in range(150):
        centre, spread = choose.randint(ZERO, MAX), choose.choice([BIT, 20 * BIT, MAX])
        row = [centre + choose.randint(-spread, spread) for _ in range(components)]
        row = [choose.choice(SPECIAL) if choose.random() < 0.2 else one for one in row]
        rows.append([min(max(one, ZERO), MAX) for one in row])
    rows += [[MAX] * components, [ZERO] * components, [ZERO + 1] * components]
    dut = Weighted(weights)
    beats = [bits_of(dut.i.payload.shape(), row) for row in rows]
    run = run_stream(dut, beats, len(beats))
    levels = (components - 1).bit_length()
    delays = {out - taken for taken, out in zip(run.accepted, run.produced, strict=True)}
    assert delays == {dut.unit.latency} == {2 + LogAdd.latency * levels}
    model = MonitorModel(MonitorMode.ONCE, weights, MAX)
    for row, bits in zip(rows, run.outputs, strict=True):
        found = fields_of(log_added_layout(), bits)
        assert (found.code, found.cut) == model.statistic(AgentModel(row)), row


def test_a_statistic_that_is_cut():
    dut = Weighted([0, 0, 0])
    rows = [[MAX, MAX, ZERO], [ZERO, ZERO, MAX], [MAX - BIT, MAX - BIT, ZERO], [MAX, 0, MAX]]
    beats = [bits_of(dut.i.payload.shape(), row) for row in rows]
    found = [fields_of(log_added_layout(), bits) for bits in run_stream(dut, beats, 4).outputs]
    assert [(one.code, one.cut) for one in found] == [(MAX, 1), (MAX, 0), (MAX, 0), (MAX, 1)]
