"""Which requests are executed, answered again or dropped."""

from amaranth.hdl import Module, Signal
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..spec.link_map import REPLY, Counter, FrameType
from .request_header import findings_layout

__all__ = ["RequestRules", "Verdict"]


class Verdict(enum.IntEnum, shape=3):
    """What the session does with a request."""

    DROP = 0
    """Count it under `RequestRules.reason`."""
    OPEN = 1
    """HELLO: a session opens."""
    START = 2
    """First fragment of an operation."""
    CONTINUE = 3
    """Its next fragment."""
    RESEND = 4
    """Answer with the kept reply."""


class RequestRules(wiring.Component):
    """The rules of a session (`link_map`), as one decision.

    Where a request lies in the window is registered: the verdict is right in the second cycle of
    its inputs. Of a slot that is no longer busy it may say so a cycle late.

    A request with `REPLY` set in its type is a reply that came back over an echoing line. It is
    never answered, so that two devices or a loop cannot talk for ever.

    Parameters
    ----------
    slots : int
        Replies kept.

    Members
    -------
    found : in, `findings_layout`
    empty : in
        The request has no data.
    same_type : in
        The type of the request is that of the last operation.
    open : in
        A HELLO was executed since reset.
    running : in
        The last operation may have further fragments.
    expected : in
        Sequence number of the next request to execute.
    kept, busy : in
        Slots that hold a reply; slots that may not be written to.
    verdict, reason : out
    """

    def __init__(self, slots: int) -> None:
        self.slots = slots
        super().__init__(
            {
                "found": In(findings_layout()),
                "empty": In(1),
                "same_type": In(1),
                "open": In(1),
                "running": In(1),
                "expected": In(8),
                "kept": In(slots),
                "busy": In(slots),
                "verdict": Out(Verdict),
                "reason": Out(4),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        found = self.found
        slot = found.sequence[: exact_log2(self.slots)]
        age = Signal(8)
        kept, busy, is_next, is_last = Signal(), Signal(), Signal(), Signal()
        m.d.comb += age.eq(self.expected - 1 - found.sequence)
        m.d.sync += [
            is_next.eq(found.sequence == self.expected),
            is_last.eq(age == 0),
            kept.eq(self.kept.bit_select(slot, 1) & (age < self.slots)),
            # A host that respects its credits meets this only while a reply is being repeated.
            busy.eq(self.busy.bit_select(slot, 1)),
        ]

        def drop(reason: Counter) -> list[object]:
            return [self.verdict.eq(Verdict.DROP), self.reason.eq(reason)]

        with m.If((found.type & REPLY).any()):
            m.d.comb += drop(Counter.BAD_OPERATION)
        with m.Elif(found.type == FrameType.HELLO):
            with m.If(~(found.first & found.zero_total & self.empty)):
                m.d.comb += drop(Counter.BAD_OPERATION)
            # Only if nothing was executed since: two hosts may have drawn the same numbers, and the
            # second must not be mistaken for the first in the middle of its operations.
            with m.Elif(self.open & found.same_hello & found.same_kept & kept & is_last):
                m.d.comb += self.verdict.eq(Verdict.RESEND)
            with m.Elif((self.open & found.same_hello) | busy):
                m.d.comb += drop(Counter.BAD_SEQUENCE)
            with m.Else():
                m.d.comb += self.verdict.eq(Verdict.OPEN)
        with m.Elif(~(self.open & found.same_nonce)):
            m.d.comb += drop(Counter.BAD_NONCE)
        with m.Elif(is_next):
            with m.If(busy):
                m.d.comb += drop(Counter.BAD_SEQUENCE)
            with m.Elif(found.first & found.later):
                m.d.comb += self.verdict.eq(Verdict.START)
            with m.Elif(self.running & found.same_operation & self.same_type & found.next):
                m.d.comb += self.verdict.eq(Verdict.CONTINUE)
            with m.Else():
                m.d.comb += drop(Counter.BAD_OPERATION)
        with m.Elif(~kept):
            m.d.comb += drop(Counter.BAD_SEQUENCE)
        with m.Elif(found.same_kept):
            m.d.comb += self.verdict.eq(Verdict.RESEND)
        with m.Else():
            m.d.comb += drop(Counter.BAD_OPERATION)
        return m
