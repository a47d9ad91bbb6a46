"""`ForwardingMemory` is a memory without a pipeline: each access sees all those before it."""

from collections.abc import Mapping
from pathlib import Path

from amaranth.hdl import Array, Assert, Assume, Module, Mux, ResetSignal, Signal

from consilience_hw.primitives.forwarding_memory import READ_TO_WORD, ForwardingMemory
from consilience_hw.primitives.pipeline import delayed
from tests.campaigns.verify.formal.netlist import WRITABLE, flat_netlist
from tests.campaigns.verify.formal.proof import Monitor, Outcome

__all__ = ["forwarded_words"]

WIDTH, DEPTH = 2, 4
CYCLES = 6
"""Length of the induction: all that is under way at its end was begun within it."""


def forwarded_words(folder: Path, *, forgets: bool = False) -> Outcome:
    """Prove for ever: the word of an access is what the last one to it has written.

    The specification has an array, read and written in one cycle. What an access writes is
    arbitrary. Accesses outside the memory are left out. With `forgets` the specification takes no
    notice of writes, so that there must be a counterexample.
    """
    netlist = flat_netlist(ForwardingMemory(WIDTH, DEPTH), folder, registers=WRITABLE)
    for word in range(DEPTH):
        netlist.show(f"stored_{word}", netlist.net(f"memory[{word}]"))
    netlist.show("last_address", netlist.net("address_4_q1"))
    netlist.show("last_enable", netlist.net("enable_4_q1"))

    def body(m: Module, ports: Mapping[str, Signal]) -> None:
        address = delayed(m, ports["address"], READ_TO_WORD, "late_address")
        enable = delayed(m, ports["enable"], READ_TO_WORD, "late_enable", reset=True)
        clear = delayed(m, ports["clear"], READ_TO_WORD, "late_clear", reset=True)
        model = [Signal(WIDTH, name=f"model_{word}") for word in range(DEPTH)]
        if not forgets:
            for word, value in enumerate(model):
                with m.If(enable & (address == word)):
                    m.d.sync += value.eq(ports["new"])
        m.d.comb += [
            Assume(~ports["outside"]),
            # A memory holds anything after a reset; its user clears it.
            Assume(~ResetSignal()),
            Assert(~enable | (ports["word"] == Mux(clear, 0, Array(model)[address]))),
            # The invariant: what the memory holds, but for the one word that is being written.
            *(
                Assert(
                    value
                    == Mux(
                        ports["last_enable"] & (ports["last_address"] == word),
                        ports["written"],
                        ports[f"stored_{word}"],
                    )
                )
                for word, value in enumerate(model)
            ),
        ]

    question = Monitor(netlist, body).question(folder)
    return question.bounded(2 * CYCLES) if forgets else question.for_ever(CYCLES)
