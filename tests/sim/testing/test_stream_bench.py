"""The stream bench notices what it is there for: each check has its planted fault."""

import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from consilience_sim.testing.stream_bench import StreamBench, run_stream


class Queue(wiring.Component):
    """A FIFO of bytes, with a fault at will."""

    i: In(stream.Signature(8))
    o: Out(stream.Signature(8))

    def __init__(self, fault=None):
        self.fault = fault
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.fifo = fifo = SyncFIFOBuffered(width=8, depth=4)
        m.d.comb += [
            fifo.w_data.eq(self.i.p),
            fifo.w_en.eq(self.i.valid),
            self.i.ready.eq(fifo.w_rdy),
            self.o.p.eq(fifo.r_data),
            self.o.valid.eq(fifo.r_rdy),
            fifo.r_en.eq(self.o.ready),
        ]
        tick = Signal(4)
        m.d.sync += tick.eq(tick + 1)
        if self.fault == "changes":
            m.d.comb += self.o.p.eq(fifo.r_data + tick)
        if self.fault == "withdraws":
            m.d.comb += self.o.valid.eq(fifo.r_rdy & tick[0])
        if self.fault == "stops":
            m.d.comb += self.o.valid.eq(0)
        if self.fault == "repeats":
            m.d.comb += fifo.r_en.eq(self.o.ready & tick[0])
        return m


@pytest.mark.parametrize(("gaps", "stalls"), [(0, 0), (0.4, 0), (0, 0.4), (0.4, 0.4)])
def test_a_queue_passes(gaps, stalls):
    beats = list(range(50))
    run = run_stream(Queue(), beats, 50, gaps=gaps, stalls=stalls, seed=1, extra_cycles=20)
    assert run.outputs == beats
    assert len(run.accepted) == len(run.produced) == 50
    if not gaps and not stalls:
        assert run.accepted == list(range(run.accepted[0], run.accepted[0] + 50))


@pytest.mark.parametrize("fault", ["changes", "withdraws"])
def test_a_payload_must_stay_until_it_is_taken(fault):
    with pytest.raises(RuntimeError, match=r"cycle \d+: the offered payload 0x\w+ was withdrawn"):
        run_stream(Queue(fault), list(range(50)), 50, stalls=0.5, seed=1)


def test_the_watchdog():
    with pytest.raises(RuntimeError, match=r"no end after 200 cycles: .* 0 of 3 outputs .*seed 5"):
        run_stream(Queue("stops"), [1, 2, 3], 3, seed=5, max_cycles=200)


def test_an_output_too_many():
    with pytest.raises(RuntimeError, match="beyond the 3 expected"):
        run_stream(Queue("repeats"), [1, 2, 3], 3, extra_cycles=20)


def test_a_run_begins_from_reset_whatever_became_of_the_one_before():
    bench = StreamBench(Queue())
    how = {"gaps": 0.4, "stalls": 0.4, "seed": 3, "extra_cycles": 9}
    beats = list(range(100, 150))
    first = bench.run(beats, 50, **how)
    assert first == run_stream(Queue(), beats, 50, **how)
    with pytest.raises(RuntimeError, match="beyond the 2 expected"):
        bench.run([7, 8, 9, 10, 11], 2, extra_cycles=1)
    with pytest.raises(RuntimeError, match="no end"):
        bench.run([1, 2, 3, 4], 9, max_cycles=20)
    assert bench.run(beats, 50, **how) == first


def test_waves(tmp_path):
    run_stream(Queue(), [1], 1, waves=tmp_path / "run.vcd")
    assert (tmp_path / "run.vcd").read_text().startswith("$")
