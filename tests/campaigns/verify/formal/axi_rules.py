"""`AxiLogSumExp` by the rules of AXI4-Stream: what is offered stays, and no wire leads through."""

from collections.abc import Mapping
from pathlib import Path

from amaranth.hdl import Array, Assert, Assume, Cat, Module, Mux, Signal, Value

from consilience_hw.log_sum_exp.axi_log_sum_exp import AxiLogSumExp
from consilience_hw.spec.log_format import Q16_16
from tests.campaigns.verify.formal.buffered_results import (
    count_inside,
    counters_agree,
    show_counters,
)
from tests.campaigns.verify.formal.influence import cone_of
from tests.campaigns.verify.formal.netlist import flat_netlist
from tests.campaigns.verify.formal.proof import Monitor, Outcome

__all__ = ["UNIT", "axi_rules", "wires_through"]

Ports = Mapping[str, Signal]

UNIT = AxiLogSumExp(Q16_16, 2)

_MARKS = "c:ends.storage"
"""The memory of what `tuser` was at each packet's end, as registers."""


def axi_rules(folder: Path, unit: AxiLogSumExp = UNIT, cycles: int = 0) -> Outcome:
    """Prove for ever, if the source keeps the rules of AXI4-Stream:

    - a result that is offered stays, with its `tdata`, `tuser` and `tlast`, until it is taken;
    - there are as many results as packets, and the places for both are never too few;
    - `tlast` of a result is `tuser` in the last beat of its packet: for one packet, marked at an
      arbitrary time, and so for every one.

    With `cycles` only so many from reset.
    """
    depth = unit.unit.depth
    netlist = flat_netlist(unit, folder, registers=_MARKS)
    netlist.show("inside", netlist.net("unit.inside"))
    netlist.show("writes", netlist.net("unit.log2.o__valid"))
    for name in ("level", "produce", "consume"):
        netlist.show(f"ends_{name}", netlist.net(f"ends.{name}"))
    for place in range(depth):
        netlist.show(f"mark_{place}", netlist.net(f"ends.storage[{place}]"))
    show_counters(netlist, "unit.results.")
    stages = unit.unit.pipeline_latency
    mark = Signal()

    def body(m: Module, ports: Ports) -> None:
        accepted = ports["s_axis_tvalid"] & ports["s_axis_tready"]
        enters, leaves = Signal(), Signal()
        m.d.comb += [
            enters.eq(accepted & ports["s_axis_tlast"]),
            leaves.eq(ports["m_axis_tvalid"] & ports["m_axis_tready"]),
            Assume(_stays(m, ports, "s_axis")),
            Assert(_stays(m, ports, "m_axis")),
        ]
        _count(m, ports, enters, stages)
        level, consume = ports["ends_level"], ports["ends_consume"]
        bits = len(consume)
        m.d.comb += [
            Assert(ports["inside"] <= depth),
            Assert(level == ports["inside"]),
            Assert(ports["ends_produce"] == (consume + level)[:bits]),
        ]
        marked, value, ahead = Signal(), Signal(), Signal(range(depth + 1))
        with m.If(enters & mark & ~marked):
            m.d.sync += [
                marked.eq(1),
                value.eq(ports["s_axis_tuser"]),
                ahead.eq(ports["inside"] - leaves),
            ]
        with m.Elif(marked & leaves):
            m.d.sync += [marked.eq(ahead != 0), ahead.eq(ahead - 1)]
        marks = Array(ports[f"mark_{place}"] for place in range(depth))
        first = marked & (ahead == 0) & ports["m_axis_tvalid"]
        m.d.comb += [
            Assert(~marked | (ahead < level)),
            Assert(~marked | (marks[(consume + ahead)[:bits]] == value)),
            Assert(~first | (ports["m_axis_tlast"] == value)),
        ]

    question = Monitor(netlist, body).question(folder, mark)
    # Without feedback, the pipeline's bits follow from the inputs after as many cycles.
    return question.bounded(cycles) if cycles else question.for_ever(stages + 2)


def _stays(m: Module, ports: Ports, stream: str) -> Value:
    """Return whether what was refused in the cycle before is offered again, unchanged."""
    handshake = (f"{stream}_tvalid", f"{stream}_tready")
    payload = Cat(
        ports[name] for name in sorted(ports) if name.startswith(stream) and name not in handshake
    )
    refused = Signal(name=f"{stream}_refused")
    offered = Signal(len(payload), name=f"{stream}_offered")
    valid, ready = (ports[name] for name in handshake)
    m.d.sync += [refused.eq(valid & ~ready), offered.eq(payload)]
    return ~refused | (valid & (payload == offered))


def _count(m: Module, ports: Ports, enters: Value, stages: int) -> None:
    """Assert that those inside are those on their way and those in the output buffer."""
    line = Signal(stages)
    m.d.sync += line.eq(Cat(enters, line))
    total: Value = Mux(line[0], 1, 0)
    for stage in range(stages):
        count = Signal(range(stages + 1), name=f"count_{stage}")
        m.d.sync += count.eq(count + enters - line[stage])
        m.d.comb += Assert(count == total)
        if stage + 1 < stages:
            total = count + line[stage + 1]
    m.d.comb += [
        Assert(ports["writes"] == line[-1]),
        Assert(ports["inside"] == count + count_inside(ports)),
        *(Assert(value) for value in counters_agree(ports)),
    ]


def wires_through(folder: Path, unit: AxiLogSumExp = UNIT) -> list[str]:
    """Return the outputs that depend on any input in the same cycle; AXI allows none."""
    netlist = flat_netlist(unit, folder, registers=_MARKS)
    inputs = [bit for name, bits in netlist.inputs.items() if name != "clk" for bit in bits]
    return [
        name
        for name, bits in netlist.outputs.items()
        if cone_of(netlist, bits, in_cycle=True).touches(inputs)
    ]
