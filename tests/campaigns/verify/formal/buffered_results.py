"""`ResultBuffer` loses, invents and turns round nothing, whatever its user's pace."""

from collections.abc import Mapping
from pathlib import Path

from amaranth.hdl import Array, Assert, Assume, Module, Mux, Signal, Value, unsigned

from consilience_hw.primitives.result_buffer import WAITING, ResultBuffer
from tests.campaigns.verify.formal.netlist import WRITABLE, Netlist, flat_netlist
from tests.campaigns.verify.formal.proof import Monitor, Outcome

__all__ = ["buffer_order", "count_inside", "counters_agree", "flag_agrees", "show_counters"]

WIDTH = 2

Ports = Mapping[str, Signal]

COUNTERS = {
    "stored_before": "stored",
    "came": "came",
    "some": "some",
    "room": "room",
    "flying": "reads_line",
    "level": "waiting.level",
    "produce": "waiting.produce",
    "consume": "waiting.consume",
}
"""What counts in a buffer."""


def show_counters(netlist: Netlist, inside: str = "") -> None:
    """Make ports of a buffer's counters; `inside` is its place in the unit, like ``results.``."""
    for port, net in COUNTERS.items():
        netlist.show(port, netlist.net(f"{inside}{net}"))


def _stored(ports: Ports) -> Value:
    """Return the results in the memory: the unit counts them a cycle later."""
    value: Value = ports["stored_before"] + ports["came"] - ports["flying"][0]
    return value


def count_inside(ports: Ports) -> Value:
    """Return the results in a buffer: in the memory, being read, and waiting."""
    flying = ports["flying"]
    return _stored(ports) + flying[0] + flying[1] + ports["level"]


def counters_agree(ports: Ports) -> list[Value]:
    """Return what is true in every reachable state, however a buffer is used."""
    flying, level = ports["flying"], ports["level"]
    return [
        # Every place at the output is free, promised to a read, or taken.
        ports["room"] + flying[0] + flying[1] + level == WAITING,
        ports["produce"] == (ports["consume"] + level)[: len(ports["consume"])],
    ]


def flag_agrees(ports: Ports) -> Value:
    """Return what is true in every reachable state if the user lets in no more than `depth`."""
    was_there = ~ports["flying"][0] | (ports["stored_before"] != 0)
    value: Value = (ports["some"] == (_stored(ports) != 0)) & was_there
    return value


def buffer_order(folder: Path, depth: int) -> Outcome:
    """Prove for ever: what goes in comes out once, in order, unchanged.

    As in `queues.fifo_order` for one result, marked at an arbitrary time. The user gives a result
    only while fewer than `depth` are inside.
    """
    netlist = flat_netlist(ResultBuffer(unsigned(WIDTH), depth), folder, registers=WRITABLE)
    show_counters(netlist)
    for port, net in {
        "next_write": "write_address",
        "next_read": "read_address",
        "fetched": "word_0_q1",
        "word": "word_0_q2",
        **{f"stored_{place}": f"memory[{place}]" for place in range(depth)},
        **{f"waiting_{place}": f"waiting.storage[{place}]" for place in range(WAITING)},
    }.items():
        netlist.show(port, netlist.net(net))
    mark = Signal()

    def body(m: Module, ports: Ports) -> None:
        enters = ports["i__valid"]
        leaves = ports["o__valid"] & ports["o__ready"]
        address_bits = len(ports["next_read"])
        marked, value = Signal(), Signal(WIDTH)
        inside, ahead = Signal(range(depth + 1)), Signal(range(depth + 1))
        m.d.sync += inside.eq(inside + enters - leaves)
        with m.If(enters & mark & ~marked):
            m.d.sync += [marked.eq(1), value.eq(ports["i__payload"]), ahead.eq(inside - leaves)]
        with m.Elif(marked & leaves):
            m.d.sync += [marked.eq(ahead != 0), ahead.eq(ahead - 1)]
        m.d.comb += [
            Assume(~enters | (inside != depth)),
            Assert(inside == count_inside(ports)),
            Assert(inside <= depth),
            Assert(flag_agrees(ports)),
            Assert(ports["next_write"] == (ports["next_read"] + _stored(ports))[:address_bits]),
            *(Assert(value) for value in counters_agree(ports)),
            Assert(~marked | (ahead < inside)),
            Assert(~marked | (ahead != 0) | ~ports["o__valid"] | (ports["o__payload"] == value)),
        ]
        # The invariant: where the marked result lies, the oldest waiting, the youngest stored.
        level, (younger, older) = ports["level"], ports["flying"]
        places = Array(ports[f"waiting_{place}"] for place in range(WAITING))
        words = Array(ports[f"stored_{place}"] for place in range(depth))
        stored_ahead = Signal(range(depth + 1))
        m.d.comb += stored_ahead.eq(ahead - level - older - younger)
        place = (ports["consume"] + ahead)[: len(ports["consume"])]
        address = (ports["next_read"] + stored_ahead)[:address_bits]
        lies = Mux(
            ahead < level,
            places[place],
            Mux(
                ahead < level + older,
                ports["word"],
                Mux(ahead < level + older + younger, ports["fetched"], words[address]),
            ),
        )
        m.d.comb += Assert(~marked | (lies == value))

    return Monitor(netlist, body).question(folder, mark).for_ever(1)
