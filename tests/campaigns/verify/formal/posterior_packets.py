"""`Posterior` loses and invents nothing: a result per hypothesis, and no buffer overflows."""

from collections.abc import Mapping
from pathlib import Path

from amaranth.hdl import Assert, Assume, Module, Signal

from consilience_hw.fusion.posterior import Posterior
from consilience_hw.spec.log_format import Q16_16
from tests.campaigns.verify.formal.netlist import WRITABLE, Netlist, flat_netlist
from tests.campaigns.verify.formal.proof import Monitor, Outcome
from tests.campaigns.verify.formal.stream_edges import stream_rule

__all__ = ["posterior_packets"]

ROW = 2  # beats


class ShallowPosterior(Posterior):
    """A `Posterior` for two packets at a time, so that its buffers fill within a proof's reach."""

    depth = 2


def posterior_packets(folder: Path, cycles: int) -> Outcome:
    """Prove for the first cycles, at any pace, with packets of any number of rows of two beats.

    The log sum answers each packet of terms once, at any later time.
    """
    unit = ShallowPosterior(Q16_16, ROW)
    netlist = flat_netlist(unit, folder, registers=WRITABLE)
    _open(unit, netlist)

    def body(m: Module, ports: Mapping[str, Signal]) -> None:
        given, column, last_row = Signal(6), Signal(), Signal()
        inside, owed, results = (Signal(6, name=name) for name in ("inside_", "owed", "results"))
        enters = ports["i__valid"] & ports["i__ready"]
        last, end = ports["i__payload.last"], ports["i__payload.end"]
        summed = ports["terms__valid"] & ports["terms__ready"] & ports["terms__payload.last"]
        totals = ports["total__valid"] & ports["total__ready"]
        leaves = ports["o__valid"] & ports["o__ready"]
        with m.If(enters):
            m.d.sync += [column.eq(column + 1), last_row.eq(last)]
        m.d.sync += [
            owed.eq(owed + summed - totals),
            inside.eq(inside + (enters & last & end) - (leaves & ports["o__payload.last"])),
            results.eq(results + (leaves & ~ports["o__payload.last"])),
            given.eq(given + (leaves & ports["o__payload.last"])),
        ]
        m.d.comb += [
            Assume(end == column),
            Assume(~column | (last == last_row)),
            Assume(~ports["total__valid"] | (owed != 0)),
            Assume(stream_rule(m, ports, "i")),
            Assume(stream_rule(m, ports, "total")),
            Assert(~ports["kept_writes"] | ports["kept_room"]),
            Assert(~ports["sum_writes"] | ports["sum_room"]),
            # Every packet has had its first result before its last, and only as many as it has.
            Assert((results == given) | (results == given + 1)),
            Assert(~ports["o__valid"] | (ports["o__payload.last"] == (results != given))),
            Assert(~ports["o__valid"] | (inside != 0)),
            Assert(inside <= unit.depth),
        ]

    return Monitor(netlist, body).question(folder).bounded(cycles)


def _open(unit: Posterior, netlist: Netlist) -> None:
    """Split the streams into fields and show where the buffers are written."""
    for name, stream in (("i", unit.i), ("o", unit.o), ("terms", unit.terms)):
        netlist.split(f"{name}__payload", stream.payload.shape())
    for name, fifo in (("kept", "kept"), ("sum", "to_sum")):
        netlist.show(f"{name}_writes", netlist.net(f"{fifo}.w_en"))
        netlist.show(f"{name}_room", netlist.net(f"{fifo}.w_rdy"))
