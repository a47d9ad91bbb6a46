"""The compiled stream simulation: it is the design, and each of its checks catches its fault."""

from itertools import pairwise

import numpy as np
import pytest
from amaranth.hdl import Const, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from consilience_hw.log_sum_exp.log_sum_exp import LogSumExp
from consilience_sim import golden
from consilience_sim.compiled import StreamSimulation, log_sum_exp_simulation, log_sums_of, pieces
from consilience_sim.compiled.log_sum_exp_simulation import packed_beats
from consilience_sim.testing.stream_bench import run_stream

WIDTH = 70
FAULTS = ("none", "changes", "withdraws", "stops", "repeats")


class Queue(wiring.Component):
    """A FIFO of fault and number; the number of an output that leaves follows its fault."""

    def __init__(self):
        super().__init__(
            {"i": In(stream.Signature(WIDTH)), "o": Out(stream.Signature(WIDTH))},
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.fifo = fifo = SyncFIFOBuffered(width=WIDTH, depth=4)
        tick = Signal(4)
        m.d.sync += tick.eq(tick + 1)
        fault = fifo.r_data[-3:]
        m.d.comb += [
            fifo.w_data.eq(self.i.p),
            fifo.w_en.eq(self.i.valid),
            self.i.ready.eq(fifo.w_rdy),
            self.o.p.eq(fifo.r_data),
            self.o.valid.eq(fifo.r_rdy),
            fifo.r_en.eq(self.o.ready),
        ]
        with m.Switch(fault):
            with m.Case(FAULTS.index("changes")):
                m.d.comb += self.o.p[:4].eq(tick)
            with m.Case(FAULTS.index("withdraws")):
                m.d.comb += self.o.valid.eq(fifo.r_rdy & tick[0])
            with m.Case(FAULTS.index("stops")):
                m.d.comb += [self.o.valid.eq(0), fifo.r_en.eq(0)]
            with m.Case(FAULTS.index("repeats")):
                m.d.comb += fifo.r_en.eq(self.o.ready & tick[0])
        return m


class Adder(wiring.Component):
    """A flow: always ready, and its sink too."""

    i: In(stream.Signature(8, always_ready=True))
    o: Out(stream.Signature(9, always_ready=True))

    def elaborate(self, platform):
        m = Module()
        m.d.sync += [self.o.p.eq(self.i.p + Const(1)), self.o.valid.eq(self.i.valid)]
        return m


class Counter(wiring.Component):
    """Always valid: it counts what it is asked for, and does not look at its input."""

    i: In(stream.Signature(1, always_ready=True, always_valid=True))
    o: Out(stream.Signature(8, always_valid=True))

    def elaborate(self, platform):
        m = Module()
        with m.If(self.o.ready):
            m.d.sync += self.o.p.eq(self.o.p + 1)
        return m


def beats(*numbers, fault="none"):
    words = [number | FAULTS.index(fault) << WIDTH - 3 for number in numbers]
    data = b"".join(word.to_bytes(9, "little") for word in words)
    return np.frombuffer(data, dtype=np.uint8).reshape(-1, 9)


@pytest.fixture(scope="module")
def compiled_queue():
    with StreamSimulation(Queue(), name="queue") as simulation:
        yield simulation


@pytest.fixture
def queue(compiled_queue):
    compiled_queue.reset()
    return compiled_queue


@pytest.mark.parametrize(("gaps", "stalls"), [(0, 0), (0.4, 0), (0, 0.4), (0.4, 0.4)])
def test_a_queue_passes(queue, gaps, stalls):
    sent = beats(*range(1 << 60, (1 << 60) + 500))
    outputs, accepted, produced = queue.run(
        sent, 500, gaps=gaps, stalls=stalls, seed=1, max_cycles=5_000, extra_cycles=20
    )
    assert (outputs == sent).all()
    assert (np.diff(accepted) > 0).all()
    assert (produced > accepted).all()
    if not gaps and not stalls:
        assert accepted.tolist() == list(range(500))
    else:
        assert accepted[-1] > 650


def test_pauses_before_given_beats(queue):
    pauses = np.zeros(8, dtype=bool)
    pauses[[0, 5]] = True
    _, accepted, _ = queue.run(beats(*range(8)), 8, gaps=pauses, max_cycles=100)
    assert accepted.tolist() == [1, 2, 3, 4, 5, 7, 8, 9]


def test_it_is_the_design_cycle_by_cycle():
    """The same cycles as in Amaranth's own simulator."""
    packets = [[5, -70_000, 1 << 20], [], [-1], [7] * 9]
    offsets = np.cumsum([0, *map(len, packets)])
    codes = np.array([code for packet in packets for code in packet], dtype=np.int32)
    sent = packed_beats(3, codes, offsets)
    theirs = run_stream(LogSumExp(lanes=3), [int.from_bytes(b, "little") for b in sent], 4)
    with log_sum_exp_simulation(3) as simulation:
        before = simulation.cycles
        outputs, accepted, produced = simulation.run(sent, 4, max_cycles=1_000)
        assert simulation.cycles == before + produced[-1] + 1
    assert [int.from_bytes(output, "little") for output in outputs] == theirs.outputs
    assert np.diff(accepted).tolist() == np.diff(theirs.accepted).tolist()
    assert (produced - accepted[0]).tolist() == [c - theirs.accepted[0] for c in theirs.produced]


def test_runs_follow_one_another(queue):
    queue.run(beats(1, 2, 3), 1, max_cycles=100)
    outputs, _, _ = queue.run(beats(4), 3, max_cycles=100)
    assert outputs[:, 0].tolist() == [2, 3, 4]
    queue.run(beats(5, 6), 0, max_cycles=100)
    queue.reset()
    outputs, _, _ = queue.run(beats(7), 1, max_cycles=100)
    assert outputs[:, 0].tolist() == [7]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("changes", r"cycle \d+: the offered payload 0x80+\w became 0x80+\w \(seed 1\)"),
        ("withdraws", r"cycle \d+: the offered payload 0x10+\w was withdrawn"),
        ("stops", r"no end after 200 cycles: 4 of 50 beats taken, 0 of 50 outputs given"),
        ("repeats", r"cycle \d+: an output beyond the 50 expected"),
    ],
)
def test_faults_are_caught(queue, fault, message):
    sent = beats(*range(50), fault=fault)
    stalls = 0.5 if fault in ("changes", "withdraws") else 0.0
    with pytest.raises(RuntimeError, match=f"queue: {message}"):
        queue.run(sent, 50, stalls=stalls, seed=1, max_cycles=200, extra_cycles=5)


def test_flows():
    with StreamSimulation(Adder(), name="adder") as adder:
        sent = np.arange(256, dtype=np.uint8)[:, None]
        outputs, accepted, produced = adder.run(sent, 256, gaps=0.5, max_cycles=5_000)
        assert (outputs.view("<u2")[:, 0] == np.arange(1, 257)).all()
        assert (produced == accepted + 1).all()
        with pytest.raises(ValueError, match="the adder never waits for its sink"):
            adder.run(sent, 256, stalls=0.5, max_cycles=5_000)
    with StreamSimulation(Counter(), name="counter") as counter:
        none = np.zeros((0, 1), dtype=np.uint8)
        outputs, _, _ = counter.run(none, 300, stalls=0.5, max_cycles=5_000)
        assert (outputs[:, 0] == np.arange(300) % 256).all()


def test_wrong_arguments(queue):
    good = beats(1, 2)
    above = good.copy()
    above[1, -1] = 1 << 6
    for wrong in (good[:, :-1], good.astype(np.int64), good[0], above):
        with pytest.raises(ValueError, match="of the queue"):
            queue.run(wrong, 1, max_cycles=10)
    for options in ({"gaps": 1.0}, {"stalls": -0.1}, {"gaps": np.zeros(3, dtype=bool)}):
        with pytest.raises(ValueError, match="gaps"):
            queue.run(good, 2, max_cycles=10, **options)
    with pytest.raises(ValueError, match="0 or more"):
        queue.run(good, -1, max_cycles=10)


def random_packets(count, seed=5):
    rng = np.random.default_rng(seed)
    sizes = rng.choice([0, 1, 2, 3, 7, 40], count)
    codes = rng.integers(-(1 << 20), 1 << 20, sizes.sum(), dtype=np.int32)
    codes[rng.random(len(codes)) < 0.1] = -(1 << 31)
    codes[rng.random(len(codes)) < 0.01] = (1 << 31) - 1
    return codes, np.concatenate([[0], np.cumsum(sizes)])


# The lanes of the order campaign's slice: each number is compiled once.
@pytest.mark.parametrize("lanes", [1, 3])
@pytest.mark.parametrize("options", [{}, {"scatter": 1, "gaps": 0.2, "stalls": 0.5, "seed": 2}])
def test_log_sums_are_golden(lanes, options):
    codes, offsets = random_packets(5_000)
    with log_sum_exp_simulation(lanes) as simulation:
        found, status = log_sums_of(simulation, lanes, codes, offsets, **options)
    expected, flags = golden.log_sums(codes, offsets)
    assert (found == expected).all()
    assert (status == flags).all()


@pytest.mark.parametrize("scatter", [None, 4])
@pytest.mark.parametrize("lanes", [1, 3, 8, 64])
def test_packing_loses_nothing(lanes, scatter):
    """Unpacked bit by bit: the same multisets, in every lane."""
    codes, offsets = random_packets(400)
    used = np.zeros(lanes, dtype=int)
    packets, packet = [], []
    for beat in packed_beats(lanes, codes, offsets, scatter=scatter):
        bits = int.from_bytes(beat, "little")
        assert bits < 1 << 33 * lanes + 1
        for lane in range(lanes):
            if bits >> 32 * lanes + lane & 1:
                code = bits >> 32 * lane & 0xFFFF_FFFF
                packet.append(code - (code >> 31 << 32))
                used[lane] += 1
        if bits >> 33 * lanes:
            packets.append(packet)
            packet = []
    assert not packet
    expected = [codes[a:b].tolist() for a, b in pairwise(offsets)]
    if scatter is None:
        assert packets == expected
    else:
        assert [sorted(packet) for packet in packets] == [sorted(packet) for packet in expected]
        assert used.min() * 2 > used.mean()


def test_no_packets():
    assert packed_beats(2, np.zeros(0, np.int32), np.zeros(1, np.int64)).shape == (0, 9)


def test_packets_that_do_not_fit(queue):
    codes = np.zeros(4, dtype=np.int32)
    for offsets in ([1, 4], [0, 3], [0, 3, 2, 4], []):
        with pytest.raises(ValueError, match="offsets must go from 0 to 4"):
            packed_beats(1, codes, np.array(offsets, dtype=np.int64))
    with pytest.raises(ValueError, match="the queue has not 1 lanes"):
        log_sums_of(queue, 1, codes, np.array([0, 4]))


def test_a_large_design_in_pieces(queue, monkeypatch, tmp_path):
    """The same design, its function cut; in a new cache, whose keys do not tell of the sizes."""
    monkeypatch.setenv("CONSILIENCE_CACHE", str(tmp_path))
    monkeypatch.setattr(pieces, "_WHOLE", 10)
    monkeypatch.setattr(pieces, "_PIECE", 5)
    options = {"gaps": 0.3, "stalls": 0.3, "seed": 3, "max_cycles": 5_000}
    with StreamSimulation(Queue(), name="queue in pieces") as other:
        for one, two in zip(
            queue.run(beats(*range(200)), 200, **options),
            other.run(beats(*range(200)), 200, **options),
            strict=True,
        ):
            assert (one == two).all()


def test_pieces_of_a_design_that_feeds_back(monkeypatch):
    monkeypatch.setattr(pieces, "_WHOLE", 1)
    source = "bool p_a::eval(performer *performer) {\n\tif (x) converged = false;\n\ty;\n}\n"
    assert pieces.cut_in_pieces(source, "a") == source
