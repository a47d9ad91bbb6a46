"""The compiled engine: the design itself, and its life from start to close."""

import random
import re
import struct
import threading
from itertools import pairwise
from pathlib import Path

import pytest
from amaranth.sim import Simulator

from consilience_hw.engine.engine import Engine
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import REPLY, REPLY_HEADER, Counter, FrameStatus, FrameType
from consilience_sim.compiled import EngineSimulation
from consilience_sim.golden import log_sum
from consilience_sim.testing.link_oracle import frames_of, packed, request_frame, sealed

CONFIG = EngineConfig(serial=True, hypotheses=0, weights=False, credits=2, largest_payload=256)
"""The engine that is compiled in the least time: a third of that of the usual one."""
ENTROPY = 0x1234_5678
CYCLES = 5_000
HEADER = len(REPLY_HEADER)


def request(kind, sequence, operation, data=b"", nonce=ENTROPY):
    return request_frame(kind, sequence, nonce, operation, data, total=len(data))


HELLO = request(FrameType.HELLO, 0, 1, nonce=0)


def reduce(sequence, operation, *records):
    words = [word for codes in records for word in (len(codes), *codes)]
    return request(FrameType.REDUCE, sequence, operation, sealed(packed(words)))


def opened(frame, kind):
    """Return the words of a reply, header and data, when it is intact and of this kind."""
    assert frame.endswith(b"\0"), "no reply"
    (reply,) = frames_of(frame)
    assert reply.type == kind | REPLY
    words = list(reply.words)
    assert words[3] == FrameStatus.OK
    return words


@pytest.fixture
def simulation():
    with EngineSimulation(CONFIG, entropy=ENTROPY) as simulation:
        yield simulation


def greeted(simulation, nonce=ENTROPY):
    simulation.send(HELLO)
    words = opened(simulation.receive(CYCLES), FrameType.HELLO)
    assert words[HEADER:] == CONFIG.hello_words(nonce)


def counters(simulation, sequence, operation):
    simulation.send(request(FrameType.STATUS, sequence, operation))
    return opened(simulation.receive(CYCLES), FrameType.STATUS)[HEADER:]


def test_reduce_gives_the_golden_sums(simulation):
    greeted(simulation)
    choose = random.Random(1)
    records = [[choose.randrange(-(1 << 19), 1 << 19) for _ in range(n)] for n in (1, 2, 30)]
    simulation.send(reduce(1, 2, *records))
    words = opened(simulation.receive(CYCLES), FrameType.REDUCE)[HEADER:]
    signed = struct.unpack(f"<{len(words)}i", packed(words))
    assert [*zip(signed[::2], signed[1::2], strict=True)] == [log_sum(codes) for codes in records]
    told = counters(simulation, 2, 3)
    assert (told[Counter.CODES], told[Counter.RESULTS]) == (33, 3)


def test_it_is_the_design_cycle_by_cycle(simulation):
    """The same bytes in the same cycles as in Amaranth's own simulator."""
    script = HELLO + b"\x05noise\0" + reduce(1, 2, [5, -70_000, 1 << 20], [-1])
    start, cycles = simulation.cycles, 1_300

    simulation.send(script)
    ours = [simulation.receive(1) for _ in range(cycles)]

    theirs = []
    dut = Engine(CONFIG)

    async def bench(ctx):
        ctx.set(dut.entropy, ENTROPY)
        ctx.set(dut.o.ready, 1)
        await ctx.tick().repeat(start)
        left = list(script)
        while len(theirs) < cycles:
            ctx.set(dut.i.valid, bool(left))
            ctx.set(dut.i.payload, left[0] if left else 0)
            _, _, ready, valid, byte = await ctx.tick().sample(
                dut.i.ready, dut.o.valid, dut.o.payload
            )
            if left and ready:
                left.pop(0)
            theirs.append(bytes([byte]) if valid else b"")

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert b"".join(ours).count(0) == 2
    assert ours == theirs


def test_a_reply_at_a_time(simulation):
    simulation.send(HELLO + HELLO)
    first, second = simulation.receive(CYCLES), simulation.receive(CYCLES)
    assert first == second
    assert first.count(0) == 1
    before = simulation.cycles
    assert simulation.receive(100) == b""
    assert simulation.cycles == before + 100
    assert simulation.receive(0) == b""


def test_reset_in_mid_frame_and_mid_reply(simulation):
    greeted(simulation)
    simulation.send(HELLO + HELLO[:7])
    while simulation.receive(1) == b"":
        pass
    simulation.reset(99)
    assert simulation.receive(CYCLES) == b""
    greeted(simulation, nonce=99)


def test_a_gap_drops_the_frame_that_has_begun(simulation):
    greeted(simulation)
    simulation.send(HELLO[:9])
    simulation.gap()
    simulation.send(HELLO[9:])  # the rest is no frame of its own
    told = counters(simulation, 1, 2)
    assert told[Counter.GAPS] == 1
    assert told[Counter.BAD_FRAMING] == 0


def test_waves(tmp_path):
    path = tmp_path / "engine.vcd"
    with EngineSimulation(CONFIG, entropy=ENTROPY, waves=path) as simulation:
        greeted(simulation)
        cycles = simulation.cycles
    text = path.read_text()
    assert text.startswith("$timescale 1 ps $end\n")
    definitions, changes = text.split("$enddefinitions $end\n")
    names = {line.split()[4]: line.split()[3] for line in re.findall(r"\$var.*", definitions)}
    assert {"clk", "i__payload", "o__valid", "verdict", "fsm_state"} <= names.keys()
    clock = re.findall(rf"^#(\d+)(?:\n[^#\n]+)*?\n([01]){names['clk']}$", changes, re.MULTILINE)
    assert len(clock) == 2 * cycles
    assert {int(b) - int(a) for (a, _), (b, _) in pairwise(clock)} == {5_000}
    assert [level for _, level in clock] == ["0", "1"] * cycles


def test_waves_change_no_byte(simulation, tmp_path):
    script = HELLO + reduce(1, 2, [1, 2, 3])
    with EngineSimulation(CONFIG, entropy=ENTROPY, waves=tmp_path / "engine.vcd") as other:
        for one in (simulation, other):
            one.send(script)
        assert [simulation.receive(1) for _ in range(1_100)] == [
            other.receive(1) for _ in range(1_100)
        ]


def test_waves_that_cannot_be_written(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no_folder/engine\.vcd"):
        EngineSimulation(CONFIG, entropy=0, waves=tmp_path / "no_folder" / "engine.vcd")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_waves_on_a_full_disk():
    simulation = EngineSimulation(CONFIG, entropy=0, waves=Path("/dev/full"))
    with pytest.raises(OSError, match="No space left"):
        simulation.close()
    simulation.close()


def test_after_close():
    simulation = EngineSimulation(CONFIG, entropy=0)
    simulation.close()
    simulation.close()
    uses = [
        lambda: simulation.send(b""),
        lambda: simulation.receive(1),
        simulation.gap,
        lambda: simulation.reset(0),
        lambda: simulation.cycles,
    ]
    for use in uses:
        with pytest.raises(ValueError, match="the simulation is closed"):
            use()


def test_close_waits_for_another_thread(simulation):
    received = []
    thread = threading.Thread(target=lambda: received.append(simulation.receive(300_000)))
    thread.start()
    while not simulation._lock.locked():
        assert thread.is_alive()
    simulation.close()
    thread.join()
    assert received == [b""]


def test_arguments_out_of_range(simulation):
    for entropy in (-1, 1 << 32):
        with pytest.raises(ValueError, match="entropy must be in"):
            EngineSimulation(CONFIG, entropy=entropy)
        with pytest.raises(ValueError, match="entropy must be in"):
            simulation.reset(entropy)
    with pytest.raises(ValueError, match="cycles must be in"):
        simulation.receive(-1)
