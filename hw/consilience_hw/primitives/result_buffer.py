"""The queue at the end of a pipeline that cannot stall."""

from amaranth.hdl import Module, Shape, ShapeLike, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.fifo import SyncFIFO
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from .pipeline import delayed, flow

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
        # No place is read in the cycle in which it is written. Synthesis does not know this and may
        # add bypass logic behind a slow block RAM: a platform can choose another kind of memory.
        attributes = getattr(platform, "queue_attributes", {})
        memory = Memory(shape=width, depth=self.depth, init=[], attrs=attributes)
        m.submodules.memory = memory
        m.submodules.waiting = waiting = SyncFIFO(width=width, depth=WAITING)
        write = memory.write_port()
        read = memory.read_port()

        stored = Signal(range(self.depth + 1))  # in the memory, not yet read
        room = Signal(range(WAITING + 1), init=WAITING)  # places at the output not yet promised
        leaves = self.o.valid & self.o.ready
        reads = (stored != 0) & (room != 0)
        m.d.sync += [
            stored.eq(stored + self.i.valid - reads),
            room.eq(room + leaves - reads),
            write.addr.eq(write.addr + self.i.valid),
            read.addr.eq(read.addr + reads),
        ]
        m.d.comb += [
            write.data.eq(self.i.p),
            write.en.eq(self.i.valid),
            read.en.eq(1),
            waiting.w_data.eq(delayed(m, read.data, 1, "word")),
            waiting.w_en.eq(delayed(m, reads, 2, "reads", reset=True)),
            self.o.p.eq(waiting.r_data),
            self.o.valid.eq(waiting.r_rdy),
            waiting.r_en.eq(self.o.ready),
        ]
        return m
