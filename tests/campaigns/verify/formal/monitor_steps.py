"""The monitor's arithmetic against its integer specification, in its own format of 32 bits.

Of L, the solver is given what lies around G: distance, maximum, what G is not added to. That two
products and a table give G itself is shown by trying every distance
(`tests/hw/monitor/test_log_add.py`).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from amaranth.hdl import Assert, Assume, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from consilience_hw.monitor.code_sum import CODE_SUM_LATENCY, code_sum
from consilience_hw.monitor.log_add import LogAdd
from consilience_hw.monitor.recurrence import Recurrence
from consilience_hw.primitives.pipeline import delayed, flow
from consilience_hw.spec.log_add_table import FIRST_ZERO
from consilience_hw.spec.log_format import Q16_16
from tests.campaigns.verify.formal.netlist import flat_netlist
from tests.campaigns.verify.formal.proof import Monitor, Outcome

__all__ = ["CodeSum", "code_sums", "recurrence_step"]

ZERO, MAX, ONE = Q16_16.log_of_zero, Q16_16.max_code, Q16_16.fractions
PICKED, NEAR, GAIN = 2, 9, 10
"""Cycles of `LogAdd` to the distance, to what becomes of G, and to G."""

Ports = Mapping[str, Signal]


class CodeSum(wiring.Component):
    """`code_sum` alone."""

    def __init__(self) -> None:
        code = signed(Q16_16.code_bits)
        super().__init__(
            {
                "i": In(flow(data.StructLayout({"a": code, "b": code}))),
                "o": Out(flow(data.StructLayout({"code": code, "cut": 1}))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        code, cut = code_sum(m, self.i.p.a, self.i.p.b, "sum")
        valid = delayed(m, self.i.valid, CODE_SUM_LATENCY, "valid", reset=True)
        m.d.comb += [self.o.p.code.eq(code), self.o.p.cut.eq(cut), self.o.valid.eq(valid)]
        return m


def _sum(m: Module, a: Value, b: Value, name: str) -> tuple[Value, Value]:
    """Return ``a (+) b`` and whether it is cut, as the contract says it."""
    total = Signal(signed(40), name=f"{name}_exact")
    m.d.comb += total.eq(a + b)
    none = (a == ZERO) | (b == ZERO) | (total <= ZERO)
    code = Signal(signed(40), name=f"{name}_expected")
    m.d.comb += code.eq(Mux(none, ZERO, Mux(total > MAX, MAX, total)))
    return code, ~none & (total > MAX)


def code_sums(folder: Path, unit: Any = None) -> Outcome:
    """Prove for ever: `code_sum` is exact, absorbs, and is cut, for all pairs of codes."""
    unit = unit or CodeSum()
    netlist = flat_netlist(unit, folder)
    layout, result = unit.i.payload.shape(), unit.o.payload.shape()

    def body(m: Module, ports: Ports) -> None:
        late = data.View(layout, delayed(m, ports["i__payload"], CODE_SUM_LATENCY, "late"))
        valid = delayed(m, ports["i__valid"], CODE_SUM_LATENCY, "entered", reset=True)
        code, cut = _sum(m, late.a, late.b, "sum")
        found = data.View(result, ports["o__payload"])
        m.d.comb += [
            Assert(ports["o__valid"] == valid),
            Assert(~valid | ((found.code == code) & (found.cut == cut))),
        ]

    return Monitor(netlist, body).question(folder).for_ever(CODE_SUM_LATENCY + 1)


def recurrence_step(folder: Path) -> Outcome:
    """Prove for ever: a step is ``x (+) min(max(R, other) + gain, MAX)`` for any gain up to 1.0.

    And `LogAdd` lets through G of the distance ``|R - other|`` up to ``2**20``, 1 where that is the
    value, and 0 beyond, for an absent R, for a log of zero and for the maximum alone.
    """
    unit = Recurrence(1)
    netlist = flat_netlist(unit, folder)
    for port, net in {
        "distance": "bases.lane_0_distance_q1",
        "near": "bases.lane_0_near_line",
        "one": "bases.lane_0_one_line",
    }.items():
        netlist.show(port, netlist.net(net))
    netlist.cut("gain", "bases.lane_0_gain")
    layout, result = unit.i.payload.shape(), unit.o.payload.shape()

    def body(m: Module, ports: Ports) -> None:
        steps = [ports["i__payload"]]
        entered = [ports["i__valid"]]
        for age in range(1, Recurrence.latency + 1):
            steps.append(delayed(m, steps[-1], 1, f"step_{age}"))
            entered.append(delayed(m, entered[-1], 1, f"entered_{age}", reset=True))

        # The distance, and what is let through.
        step = data.View(layout, steps[PICKED])
        a, b = step.components[0], step.other
        apart = Signal(34)
        m.d.comb += apart.eq(Mux(a > b, a - b, b - a))
        m.d.comb += Assert(~entered[PICKED] | (ports["distance"] == apart))
        step = data.View(layout, steps[NEAR])
        a, b = step.components[0], step.other
        far = Signal(34)
        m.d.comb += far.eq(Mux(a > b, a - b, b - a))
        alone = step.absent | step.plain | (a == ZERO) | (b == ZERO)
        segments = far < 1 << 20
        m.d.comb += [
            Assert(~entered[NEAR] | (ports["near"][-1] == (segments & ~alone))),
            Assert(
                ~entered[NEAR] | (ports["one"][-1] == (~segments & (far < FIRST_ZERO) & ~alone))
            ),
        ]

        # The step around it.
        gain = delayed(m, ports["gain"], Recurrence.latency - GAIN, "gain")
        step = data.View(layout, steps[-1])
        held = Mux(step.absent, Const(ZERO, signed(32)), step.components[0])
        greater = Signal(signed(32))
        base = Signal(signed(40))
        m.d.comb += [
            Assume(ports["gain"] <= ONE),
            greater.eq(Mux(held > step.other, held, step.other)),
            base.eq(greater + gain),
        ]
        cut_base = base > MAX
        clipped = Signal(signed(32))
        m.d.comb += clipped.eq(Mux(cut_base, MAX, base))
        code, cut = _sum(m, clipped, step.increments[0], "step")
        found = data.View(result, ports["o__payload"])
        m.d.comb += [
            Assert(ports["o__valid"] == entered[-1]),
            Assert(~entered[-1] | (found.components[0] == code)),
            Assert(~entered[-1] | (found.cut == (cut | cut_base))),
        ]

    assert LogAdd.latency == GAIN + 2
    return Monitor(netlist, body).question(folder).for_ever(Recurrence.latency + 1)
