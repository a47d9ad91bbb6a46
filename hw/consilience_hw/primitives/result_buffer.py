"""The queue at the end of a pipeline that cannot stall."""

from amaranth.hdl import Cat, Module, Shape, ShapeLike, Signal, Value, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.fifo import SyncFIFO
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from .pipeline import delayed, flow, named

__all__ = ["ResultBuffer"]

WAITING = 4
"""Results that wait at the output: enough for full rate during the latency of a read."""


class ResultBuffer(wiring.Component):
    """FIFO in a memory whose words are registered before they are used.

    A memory is slow from clock to output, so a word is read ahead, registered, and waits in a short
    queue of registers. The user must count: no more than `depth` results may be inside.

    Latency: `latency` cycles when it is empty. Throughput: one result per cycle.

    Parameters
    ----------
    shape : shape-like
        Shape of a result.
    depth : int
        Results that may be inside, a power of two.

    Members
    -------
    i : flow of `shape`
    o : stream of `shape`
    """

    latency = 4

    def __init__(self, shape: ShapeLike, depth: int) -> None:
        self.depth = depth
        super().__init__({"i": In(flow(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width = Shape.cast(self.i.p.shape()).width
        m.submodules.waiting = waiting = SyncFIFO(width=width, depth=WAITING)
        write_address = Signal(range(self.depth))
        read_address = Signal(range(self.depth))
        # No place is read in the cycle in which it is written. Synthesis does not know this and may
        # add bypass logic behind a slow block RAM: a platform can tell it, and have columns as wide
        # as a block RAM with registers at its output.
        attributes = getattr(platform, "queue_attributes", {})
        column = getattr(platform, "table_column_bits", width)
        words = []
        for low in range(0, width, column):
            bits = min(column, width - low)
            memory = Memory(shape=unsigned(bits), depth=self.depth, init=[], attrs=attributes)
            m.submodules["memory" if not low else f"memory_{low}"] = memory
            write, read = memory.write_port(), memory.read_port(domain="comb")
            m.d.comb += [
                write.addr.eq(write_address),
                write.data.eq(Value.cast(self.i.p)[low : low + bits]),
                write.en.eq(self.i.valid),
                read.addr.eq(read_address),
            ]
            words.append(delayed(m, read.data, 2, f"word_{low}"))

        # Those in the memory, not yet read, as they were a cycle ago: a chain of carries that waits
        # for nothing. With what came and went since, they tell whether two or more are there.
        stored = Signal(range(self.depth + 1))
        came = Signal()
        reads_line = Signal(2)  # reads of the last two cycles
        went = reads_line[0]
        several = (
            stored[2:].any() | (stored[1] & (stored[0] | came | ~went)) | (stored[0] & came & ~went)
        )
        room = Signal(range(WAITING + 1), init=WAITING)  # places at the output not yet promised
        leaves = self.o.valid & self.o.ready
        some = Signal()  # in a register: the addresses must not wait for a comparison
        reads = named(m, some & (room != 0), "reads_now")
        m.d.sync += [
            some.eq(self.i.valid | several | (some & ~reads)),
            came.eq(self.i.valid),
            reads_line.eq(Cat(reads, reads_line)),
            stored.eq(stored + came - went),
            room.eq(room + leaves - reads),
            write_address.eq(write_address + self.i.valid),
            read_address.eq(read_address + reads),
        ]
        m.d.comb += [
            waiting.w_data.eq(Cat(*words)),
            waiting.w_en.eq(reads_line[1]),
            self.o.p.eq(waiting.r_data),
            self.o.valid.eq(waiting.r_rdy),
            waiting.r_en.eq(self.o.ready),
        ]
        return m
