"""`AxiLogSumExp` by the rules of AXI4-Stream: what is offered stays, and no wire leads through."""

from collections.abc import Mapping
from pathlib import Path

from amaranth.hdl import Array, Assert, Assume, Cat, Module, Signal, Value

from consilience_hw.log_sum_exp.axi_log_sum_exp import AxiLogSumExp
from consilience_hw.spec.log_format import Q16_16
from tests.campaigns.verify.formal.influence import cone_of
from tests.campaigns.verify.formal.netlist import flat_netlist
from tests.campaigns.verify.formal.proof import Monitor, Outcome

__all__ = ["UNIT", "axi_rules", "wires_through"]

Ports = Mapping[str, Signal]

UNIT = AxiLogSumExp(Q16_16, 1)

_MARKS = "c:ends.storage"
"""The memory of what `tuser` was at each packet's end, as registers."""


def axi_rules(folder: Path, unit: AxiLogSumExp = UNIT, cycles: int = 0) -> Outcome:
    """Prove for ever (induction):

    - a result that is offered stays, with its `tdata`, `tuser` and `tlast`, until it is taken;
    - `tlast` of a result is `tuser` in the last beat of its packet: for one packet, marked at an
      arbitrary time, and so for every one;
    - there is always room for that bit.

    The unit is taken for what is proved of it by itself: its output keeps the rule of streams, it
    is ready while fewer than `depth` packets are inside, and it has a result only of one that is.
    With `cycles` only so many from reset.
    """
    depth = unit.unit.depth
    netlist = flat_netlist(unit, folder, registers=_MARKS)
    for name in ("level", "produce", "consume"):
        netlist.show(f"ends_{name}", netlist.net(f"ends.{name}"))
    for place in range(depth):
        netlist.show(f"mark_{place}", netlist.net(f"ends.storage[{place}]"))
    for port in ("s_axis_tready", "m_axis_tvalid", "m_axis_tdata", "m_axis_tuser"):
        netlist.cut(f"unit_{port}", port)
    mark = Signal()

    def body(m: Module, ports: Ports) -> None:
        enters, leaves, inside = Signal(), Signal(), Signal(range(depth + 1))
        ready, valid = ports["unit_s_axis_tready"], ports["unit_m_axis_tvalid"]
        m.d.comb += [
            enters.eq(ports["s_axis_tvalid"] & ready & ports["s_axis_tlast"]),
            leaves.eq(valid & ports["m_axis_tready"]),
            Assume(ready == (inside != depth)),
            Assume(~valid | (inside != 0)),
            Assume(_stays(m, valid, ports, "unit_m_axis_tdata", "unit_m_axis_tuser")),
        ]
        m.d.sync += inside.eq(inside + enters - leaves)
        whole = ("m_axis_tdata", "m_axis_tuser", "m_axis_tlast")
        level, consume = ports["ends_level"], ports["ends_consume"]
        bits = len(consume)
        marked, value, ahead = Signal(), Signal(), Signal(range(depth + 1))
        with m.If(enters & mark & ~marked):
            m.d.sync += [
                marked.eq(1),
                value.eq(ports["s_axis_tuser"]),
                ahead.eq(inside - leaves),
            ]
        with m.Elif(marked & leaves):
            m.d.sync += [marked.eq(ahead != 0), ahead.eq(ahead - 1)]
        marks = Array(ports[f"mark_{place}"] for place in range(depth))
        first = marked & (ahead == 0) & ports["m_axis_tvalid"]
        m.d.comb += [
            Assert(_stays(m, ports["m_axis_tvalid"], ports, *whole)),
            Assert(~first | (ports["m_axis_tlast"] == value)),
            # The invariant: the bits inside are those of the packets inside, the marked one's too.
            Assert((level == inside) & (inside <= depth)),
            Assert(ports["ends_produce"] == (consume + level)[:bits]),
            Assert(~marked | (ahead < level)),
            Assert(~marked | (marks[(consume + ahead)[:bits]] == value)),
        ]

    question = Monitor(netlist, body).question(folder, mark)
    return question.bounded(cycles) if cycles else question.for_ever(1)


def _stays(m: Module, valid: Value, ports: Ports, *payload: str) -> Value:
    """Return whether what was refused in the cycle before is offered again, unchanged."""
    whole = Cat(ports[name] for name in payload)
    refused = Signal(name=f"{payload[0]}_refused")
    offered = Signal(len(whole), name=f"{payload[0]}_offered")
    m.d.sync += [refused.eq(valid & ~ports["m_axis_tready"]), offered.eq(whole)]
    return ~refused | (valid & (whole == offered))


def wires_through(folder: Path, unit: AxiLogSumExp = UNIT) -> list[str]:
    """Return the outputs that depend on any input in the same cycle; AXI allows none."""
    netlist = flat_netlist(unit, folder, registers=_MARKS)
    inputs = [bit for name, bits in netlist.inputs.items() if name != "clk" for bit in bits]
    return [
        name
        for name, bits in netlist.outputs.items()
        if cone_of(netlist, bits, in_cycle=True).touches(inputs)
    ]
