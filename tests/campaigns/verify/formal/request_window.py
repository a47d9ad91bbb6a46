"""`RequestRules`, exhaustively, against the rules of a session as `link_map` tells them."""

from collections.abc import Mapping
from pathlib import Path

from amaranth.hdl import Assert, Assume, Cat, Module, Mux, Signal, Value
from amaranth.lib import data

from consilience_hw.link.request_header import findings_layout
from consilience_hw.link.request_rules import RequestRules, Verdict
from consilience_hw.spec.link_map import REPLY, Counter, FrameType
from tests.campaigns.verify.formal.netlist import flat_netlist
from tests.campaigns.verify.formal.proof import CLOCKS, Monitor, Outcome

__all__ = ["request_rules"]


def request_rules(folder: Path, slots: int) -> Outcome:
    """Prove the verdict for every request in every state of a session, its second cycle on.

    The window is told by enumeration: the reply of a request k before the expected one is kept,
    for k in 1..slots, sequence numbers modulo 256.
    """
    netlist = flat_netlist(RequestRules(slots), folder)

    def body(m: Module, ports: Mapping[str, Signal]) -> None:
        found = data.View(findings_layout(), ports["found"])
        verdict, expected = ports["verdict"], ports["expected"]
        inputs = Cat(ports[name] for name in sorted(netlist.inputs) if name not in CLOCKS)
        begun, before = Signal(), Signal(len(inputs))
        m.d.sync += [begun.eq(1), before.eq(inputs)]
        m.d.comb += Assume(~begun | (inputs == before))

        def claim(value: Value) -> Assert:
            return Assert(~begun | value)

        sequence = found.sequence
        slot_bits = (slots - 1).bit_length()
        in_window = Cat((sequence + k)[:8] == expected for k in range(1, slots + 1)).any()
        own = [sequence[:slot_bits] == slot for slot in range(slots)]
        has_reply = in_window & Cat(own[k] & ports["kept"][k] for k in range(slots)).any()
        is_busy = Cat(own[k] & ports["busy"][k] for k in range(slots)).any()

        came_back = found.type >= REPLY
        hello = ~came_back & (found.type == FrameType.HELLO)
        proper = found.first & found.zero_total & ports["empty"]
        known = ports["open"] & found.same_hello
        other = ~came_back & (found.type != FrameType.HELLO)
        ours = other & ports["open"] & found.same_nonce
        in_turn = ours & (sequence == expected) & ~is_busy
        starts = in_turn & found.first & found.later
        goes_on = ports["running"] & found.same_operation & ports["same_type"] & found.next
        again = ours & (sequence != expected) & has_reply & found.same_kept
        # A HELLO is answered again only while nothing was executed since.
        repeats = hello & proper & known & has_reply & found.same_kept
        repeats &= (sequence + 1)[:8] == expected
        opens = hello & proper & ~known & ~is_busy
        m.d.comb += [
            claim((verdict == Verdict.OPEN) == opens),
            claim((verdict == Verdict.START) == starts),
            claim((verdict == Verdict.CONTINUE) == (in_turn & ~starts & goes_on)),
            claim((verdict == Verdict.RESEND) == (again | repeats)),
            # The five verdicts are the only ones, and a dropped request is counted by its reason.
            claim(verdict <= Verdict.RESEND),
            claim(
                (verdict != Verdict.DROP)
                | (
                    ports["reason"]
                    == Mux(
                        other & ~ours,
                        Counter.BAD_NONCE,
                        Mux(
                            (ours & (sequence == expected) & is_busy)
                            | (ours & (sequence != expected) & ~has_reply)
                            | (hello & proper),
                            Counter.BAD_SEQUENCE,
                            Counter.BAD_OPERATION,
                        ),
                    )
                )
            ),
        ]

    return Monitor(netlist, body).question(folder).bounded(3)
