"""`Recurrence` against the golden step of every mode."""

import itertools
import random

from consilience_hw.monitor.recurrence import Recurrence, step_layout, stepped_layout
from consilience_hw.spec.monitor_format import MonitorMode
from consilience_sim.golden.log_add import added
from consilience_sim.golden.monitor import AgentModel, MonitorModel
from consilience_sim.testing.stream_bench import bits_of, fields_of, run_stream
from tests.hw.monitor.monitor_script import BIT, MAX, SPECIAL, ZERO

COMPONENTS = 2


def step(components, increments, *, other=0, absent=0, plain=0):
    values = {"components": components, "increments": increments}
    return bits_of(step_layout(2), values | {"other": other, "absent": absent, "plain": plain})


def outcomes(beats):
    dut = Recurrence(COMPONENTS)
    run = run_stream(dut, beats, len(beats))
    delays = {out - taken for taken, out in zip(run.accepted, run.produced, strict=True)}
    assert delays == {dut.latency} == {14}
    found = [fields_of(stepped_layout(2), bits) for bits in run.outputs]
    return [([int(one) for one in each.components], bool(each.cut)) for each in found]


def test_every_mode():
    choose = random.Random(2)
    beats, wanted = [], []
    others = {MonitorMode.RESTART: 0, MonitorMode.CUSUM: 0, MonitorMode.ONCE: ZERO}
    pairs = list(itertools.product(SPECIAL, SPECIAL))
    for mode in MonitorMode:
        model = MonitorModel(mode, [0] * COMPONENTS, MAX)
        rows = [([a, MAX], [b, -1]) for a, b in pairs]
        for _ in range(150):
            scale = choose.choice([BIT, 30 * BIT, MAX])
            rows.append([[choose.randint(-scale, scale) for _ in range(2)] for _ in range(2)])
        for components, increments in rows:
            observations = choose.choice([0, 1, 2, 3, 6, 7, 1000, (1 << 31) - 1])
            state = AgentModel(components, observations=observations)
            other = others.get(mode, -BIT * (2 * (observations + 1).bit_length() - 1))
            plain = mode is MonitorMode.CUSUM
            beats.append(step(components, increments, other=other, plain=plain))
            wanted.append(model._stepped(state, increments))
    assert outcomes(beats) == wanted


def test_an_absent_component_is_the_log_of_zero():
    choose = random.Random(3)
    beats, wanted = [], []
    for other, x in itertools.product([0, ZERO, -3 * BIT, MAX], [*SPECIAL, 9]):
        garbage = [choose.randint(ZERO, MAX) for _ in range(2)]
        beats.append(step(garbage, [x, x], other=other, absent=1))
        code, above = added(x, other)
        wanted.append(([code] * 2, above))
    assert outcomes(beats) == wanted
