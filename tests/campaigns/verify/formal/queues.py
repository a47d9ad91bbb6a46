"""Queues that lose and invent nothing: the FIFO, `LogSumExp`'s admission, the kept replies."""

from collections.abc import Mapping
from pathlib import Path

from amaranth.hdl import Array, Assert, Assume, Cat, Module, Mux, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from consilience_hw.link.reply_store import ReplyStore
from consilience_hw.log_sum_exp.log_sum_exp import LogSumExp
from consilience_hw.spec.log_format import Q16_16
from tests.campaigns.verify.formal.buffered_results import (
    count_inside,
    counters_agree,
    flag_agrees,
    show_counters,
)
from tests.campaigns.verify.formal.netlist import WRITABLE, flat_netlist
from tests.campaigns.verify.formal.proof import Monitor, Outcome

__all__ = ["Queue", "admission", "fifo_order", "reply_queue"]

Ports = Mapping[str, Signal]


class Queue(wiring.Component):
    """A `SyncFIFOBuffered` with ports, as the units use it.

    Parameters
    ----------
    depth : int
        Entries.
    """

    width = 2

    def __init__(self, depth: int) -> None:
        self.depth = depth
        super().__init__(
            {
                "i": In(stream.Signature(unsigned(self.width))),
                "o": Out(stream.Signature(unsigned(self.width))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.fifo = fifo = SyncFIFOBuffered(width=self.width, depth=self.depth)
        m.d.comb += [
            fifo.w_data.eq(self.i.p),
            fifo.w_en.eq(self.i.valid),
            self.i.ready.eq(fifo.w_rdy),
            self.o.p.eq(fifo.r_data),
            self.o.valid.eq(fifo.r_rdy),
            fifo.r_en.eq(self.o.ready),
        ]
        return m


def fifo_order(folder: Path, queue: Queue, cycles: int = 0) -> Outcome:
    """Prove for ever: what goes in comes out once, in order, unchanged.

    For one entry, marked at an arbitrary time: it comes out as it went in, after exactly those
    that were inside before it. That is order and conservation of every entry, since any may be the
    marked one. With `cycles` only so many from reset.
    """
    depth = queue.depth
    netlist = flat_netlist(queue, folder, registers=WRITABLE)
    inner = depth - 1
    for name in ("produce", "consume", "inner_level"):
        netlist.show(name, netlist.net(f"fifo.{name}"))
    for word in range(inner):
        netlist.show(f"word_{word}", netlist.net(f"fifo.storage[{word}]"))
    mark = Signal()

    def body(m: Module, ports: Ports) -> None:
        enters = ports["i__valid"] & ports["i__ready"]
        leaves = ports["o__valid"] & ports["o__ready"]
        inside, ahead = Signal(), Signal(range(depth + 1))
        level, value = Signal(range(depth + 1)), Signal(Queue.width)
        m.d.sync += level.eq(level + enters - leaves)
        with m.If(enters & mark & ~inside):
            m.d.sync += [inside.eq(1), value.eq(ports["i__payload"]), ahead.eq(level - leaves)]
        with m.Elif(inside & leaves):
            m.d.sync += [inside.eq(ahead != 0), ahead.eq(ahead - 1)]
        here = ahead - ports["o__valid"]
        place = Signal(range(2 * depth + 2))
        m.d.comb += place.eq(ports["consume"] + here)
        words = Array(ports[f"word_{word}"] for word in range(inner))
        m.d.comb += [
            Assert(~(inside & (ahead == 0)) | ~ports["o__valid"] | (ports["o__payload"] == value)),
            Assert(~inside | (ahead < level)),
            # The invariant: where the marked entry lies, and that the counters agree.
            Assert(level == ports["inner_level"] + ports["o__valid"]),
            Assert((ports["produce"] < inner) & (ports["consume"] < inner)),
            Assert(ports["inner_level"] <= inner),
            Assert(
                ports["produce"]
                == Mux(
                    ports["consume"] + ports["inner_level"] >= inner,
                    ports["consume"] + ports["inner_level"] - inner,
                    ports["consume"] + ports["inner_level"],
                )
            ),
        ]
        with m.If(inside & ((ahead != 0) | ~ports["o__valid"])):
            m.d.comb += Assert(words[Mux(place >= inner, place - inner, place)] == value)

    question = Monitor(netlist, body).question(folder, mark)
    return question.bounded(cycles) if cycles else question.for_ever(1)


def admission(folder: Path, lanes: int = 2) -> Outcome:
    """Prove for ever that `LogSumExp` gives as many results as packets, and loses none.

    A packet is counted stage by stage: those inside are those on their way and those in the output
    buffer, which therefore never has more than it has places for. The unit's own count hears of
    what enters and leaves some cycles later, last of all by a register of their difference; with
    what it has not heard of yet it is theirs.
    """
    unit = LogSumExp(Q16_16, lanes)
    netlist = flat_netlist(unit, folder)
    netlist.split("i__payload", unit.i.payload.shape())
    for name in ("inside", "change"):
        netlist.show(name, netlist.net(name))
    for name in ("entered", "left"):
        netlist.show(name, netlist.net(f"{name}_line"))
    netlist.show("writes", netlist.net("results.i__valid"))
    show_counters(netlist, "results.")
    stages = unit.pipeline_latency

    def line_of(m: Module, ports: Ports) -> tuple[Signal, Signal]:
        """Return whether a packet enters, and in which stages one is, by the input alone."""
        enters, line = Signal(), Signal(stages)
        m.d.comb += enters.eq(ports["i__valid"] & ports["i__ready"] & ports["i__payload.last"])
        m.d.sync += line.eq(Cat(enters, line))
        return enters, line

    def arrives(m: Module, ports: Ports) -> None:
        _, line = line_of(m, ports)
        m.d.comb += Assert(ports["writes"] == line[-1])

    def counted(m: Module, ports: Ports) -> None:
        enters, line = line_of(m, ports)
        gone = Signal()  # what left is in the difference
        m.d.sync += gone.eq(ports["left"][-1])
        came = line[len(ports["entered"])]
        entered, left = sum(ports["entered"]) + came, sum(ports["left"]) + gone
        counts = []
        for stage in range(stages):
            # How many packets are in the stages up to this one.
            count = Signal(range(stages + 1), name=f"count_{stage}")
            m.d.sync += count.eq(count + enters - line[stage])
            total = line[0] if stage == 0 else counts[-1] + line[stage]
            m.d.comb += Assert(count == total)
            counts.append(count)
        m.d.comb += [
            Assume(ports["writes"] == line[-1]),
            Assert(ports["inside"] + entered == counts[-1] + count_inside(ports) + left),
            Assert(ports["entered"] == line[: len(ports["entered"])]),
            Assert(ports["change"].as_signed() == came - gone),
            Assert(ports["inside"] >= left),
            Assert(ports["inside"] + entered <= unit.depth),
            Assert(~ports["i__ready"] | (ports["inside"] + entered <= unit.depth - 2)),
            *(Assert(value) for value in counters_agree(ports)),
            Assert(flag_agrees(ports)),
        ]

    # Without feedback, the pipeline's bits follow from the inputs after as many cycles. Counting is
    # a question of its own, of two cycles: together they are too many sums for the solver.
    passes = Monitor(netlist, arrives).question(folder).for_ever(stages + 2)
    return Monitor(netlist, counted).question(folder).for_ever(1) if passes.holds else passes


def reply_queue(folder: Path, slots: int = 4) -> Outcome:
    """Prove for ever: a slot that is queued is offered, once, and within `slots` idle cycles."""
    netlist = flat_netlist(ReplyStore(slots, 256), folder)
    netlist.show("queued", netlist.net("queued"))
    chosen = Signal(range(slots))  # arbitrary, but always the same slot
    wanted = Signal.like(chosen)

    def body(m: Module, ports: Ports) -> None:
        begun = Signal()
        m.d.sync += [begun.eq(1), wanted.eq(chosen)]
        m.d.comb += Assume(~begun | (wanted == chosen))
        valid, slot = ports["read__next__valid"], ports["read__next__payload"]
        queues = ports["write__queue"] & (ports["write__slot"] == chosen)
        owed = Signal()
        # Whenever nothing is offered and the slot's turn has come, it is offered next.
        turn = owed & ~valid & (slot == chosen)
        offered, due, taken = Signal(), Signal(), Signal()
        m.d.sync += [
            owed.eq(queues | (owed & ~turn)),
            due.eq(turn),
            offered.eq(valid),
            taken.eq(valid & ports["read__next__ready"]),
        ]
        idle = Signal(range(slots + 2))
        m.d.sync += idle.eq(Mux(owed & ~valid & ~turn, idle + 1, 0))
        distance = Signal.like(chosen)
        m.d.comb += distance.eq(chosen - slot)
        starts = valid & ~offered & (slot == chosen)
        m.d.comb += [
            Assert(starts == due),
            Assert(~offered | (valid == ~taken)),
            Assert(ports["queued"].bit_select(chosen, 1) == owed),
            Assert(~owed | valid | (idle + distance < slots)),
        ]

    return Monitor(netlist, body).question(folder, chosen).for_ever(3)
