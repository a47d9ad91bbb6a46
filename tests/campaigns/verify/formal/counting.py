"""`Counters`: every amount is added once, to its own counter only."""

from collections.abc import Mapping
from pathlib import Path

from amaranth.hdl import Array, Assert, Assume, Module, Signal

from consilience_hw.link.counters import IDENTITY, Counters
from tests.campaigns.verify.formal.netlist import WRITABLE, flat_netlist
from tests.campaigns.verify.formal.proof import Monitor, Outcome

__all__ = ["counter_sums"]


def counter_sums(folder: Path) -> Outcome:
    """Prove for ever: a counter holds the sum of what was added, modulo 2**32.

    What the session adds counts from the cycle after, in which the unit has registered it.

    For one arbitrary counter, from the cycle in which the memory is cleared. As the unit asks for,
    a counter to which something was added rests for two cycles, and nothing is ever added to the
    constants; to read in between, by an amount of 0, is no addition.
    """
    netlist = flat_netlist(Counters([0] * IDENTITY), folder, registers=WRITABLE)
    for index in range(IDENTITY):
        netlist.show(f"word_{index}", netlist.net(f"memory[{index}]"))
    for name in ("cleared", "index", "amount", "add", "index_q2", "amount_q2", "add_q2"):
        netlist.show(name, netlist.net(name))
    chosen, wanted = Signal(4), Signal(4)

    def body(m: Module, ports: Mapping[str, Signal]) -> None:
        begun, total = Signal(), Signal(32)
        running = ports["cleared"][-1]
        dropped = ports["drop__valid"] & ports["drop__ready"]
        amount = Signal(8)
        touches = Signal()
        asked = {name: Signal.like(ports[f"port__{name}"]) for name in ("add", "index", "amount")}
        m.d.sync += [signal.eq(ports[f"port__{name}"]) for name, signal in asked.items()]
        m.d.comb += [Assert(ports[name] == signal) for name, signal in asked.items()]
        with m.If(asked["add"] & (asked["index"] == chosen)):
            m.d.comb += [touches.eq(1), amount.eq(asked["amount"])]
        with m.Elif(~asked["add"] & dropped & (ports["drop__payload"] == chosen)):
            m.d.comb += [touches.eq(1), amount.eq(1)]
        # What was added one and two cycles ago, and is not in the memory yet; a read of one and two
        # cycles ago, and whether an addition was on its way when it began.
        late = Signal(8, name="late"), Signal(8, name="later")
        touched = Signal(name="touched"), Signal(name="touched_before")
        stale = Signal(name="stale"), Signal(name="stale_before")
        m.d.sync += [begun.eq(1), wanted.eq(chosen), total.eq(total + amount)]
        m.d.sync += [late[0].eq(amount), late[1].eq(late[0])]
        m.d.sync += [touched[0].eq(touches), touched[1].eq(touched[0])]
        m.d.sync += [stale[0].eq((late[0] != 0) | (late[1] != 0)), stale[1].eq(stale[0])]
        word = Array(ports[f"word_{index}"] for index in range(IDENTITY))[chosen]
        cleared = running | (ports["cleared"] > chosen)
        m.d.comb += [
            Assume(~begun | (chosen == wanted)),
            Assume(running | ~asked["add"]),
            Assume((amount == 0) | ((late[0] == 0) & (late[1] == 0))),
            Assume(~asked["add"] | ~asked["index"][-1] | (asked["amount"] == 0)),
            Assert(~cleared | (word == (total - late[0] - late[1])[:32])),
            # What is read while another amount is on its way is as it was before.
            Assert(~touched[1] | stale[1] | (ports["port__value"] == word)),
            Assert(running | (total == 0)),
            Assert(running | ~touched[0]),
            Assert(running | ~touched[1]),
            Assert((ports["add_q2"] & (ports["index_q2"] == chosen)) == (late[1] != 0)),
            Assert((late[1] == 0) | (touched[1] & (ports["amount_q2"] == late[1]))),
        ]

    return Monitor(netlist, body).question(folder, chosen).for_ever(4)
