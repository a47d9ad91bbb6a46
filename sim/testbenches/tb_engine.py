"""Tests of `Engine` through its link bytes, on its exported Verilog."""

import struct
from pathlib import Path
from random import Random
from typing import Any

import cocotb
from checker import CheckFailed
from coverage_points import check_all_covered, write_reports
from engine_model import Exchange, SameReply
from engine_results import Rows
from engine_testbench import EngineTestbench
from log_sum_exp_model import ExpectedResult
from packets import random_packet

from consilience_hw.spec.link_map import Counter, FrameStatus, FrameType
from consilience_hw.spec.log_format import LogFormat
from consilience_hw.spec.number_formats import ONE
from consilience_sim.testing.link_oracle import cobs_encode, encode_frame, packed

Message = tuple[FrameType, bytes, list[tuple[bytes, ExpectedResult | None]], int, FrameStatus]
"""Type, head and records, bits flipped in the CRC-32, and the status of the last reply."""


def segments_of(bench: EngineTestbench, count: int) -> list[list[int]]:
    """Return segments of every length around a beat, random and special codes."""
    lanes, fmt = bench.config.lanes, bench.config.fmt
    special = [[fmt.log_of_zero], [fmt.log_of_zero] * (lanes + 1), [fmt.max_code] * 2, [0] * lanes]
    return special + [random_packet(bench.choose, lanes, fmt) for _ in range(count)]


def evidence_of(choose: Random, hypotheses: int, fmt: LogFormat, weighted: bool) -> Rows:
    """Return the rows of one agent: near, far, impossible, of any weight."""
    rows = []
    for _ in range(choose.choice([1, 1, 2, 5])):
        scale = choose.choice([ONE, 40 * ONE, 1 << 31])
        codes = [choose.randrange(-scale, scale) for _ in range(hypotheses)]
        if choose.random() < 0.2:
            codes[choose.randrange(hypotheses)] = fmt.log_of_zero
        weight = choose.choice([0, 1, ONE, choose.randrange(ONE + 1)]) if weighted else ONE
        rows.append((weight, codes))
    return rows


def posterior_of(bench: EngineTestbench, agents: int, weighted: bool) -> list[Exchange]:
    """Return one POSTERIOR message; its first agent is impossible."""
    choose, fmt = bench.choose, bench.config.fmt
    hypotheses = choose.randint(2, bench.config.hypotheses)
    prior = [choose.randrange(-20 * ONE, 0) for _ in range(hypotheses)]
    impossible: Rows = [(ONE, [fmt.log_of_zero] * hypotheses)]
    others = [evidence_of(choose, hypotheses, fmt, weighted) for _ in range(agents)]
    size = choose.choice([8, 36, bench.model.limit])
    return bench.model.posterior(prior, [impossible, *others], weighted=weighted, size=size)


@cocotb.test()
async def hello(dut: Any) -> None:
    """Identity and nonce; a repeated HELLO is answered again; a reset gives another nonce."""
    bench = await EngineTestbench.started(dut)
    first = bench.model.hello()
    await bench.exchange([first])
    nonce = bench.model.nonce
    await bench.exchange([Exchange(first.request, SameReply(bench.replies[-1]))])
    await bench.exchange([bench.model.hello(), *bench.model.reduce([[0, 0]])])
    await bench.reset()
    await bench.exchange([bench.model.hello()])
    if bench.model.nonce == nonce:
        raise CheckFailed(f"the nonce is {nonce:#x} before and after a reset")


@cocotb.test()
@cocotb.parametrize(gaps=[0.0, 0.3], stalls=[0.0, 0.5])
async def reduce(dut: Any, gaps: float, stalls: float) -> None:
    """Segments in fragments of any size, some of which end inside a record."""
    bench = await EngineTestbench.opened(dut, gaps=gaps, stalls=stalls)
    for size in (bench.model.limit, bench.choose.choice([4, 12]), 40):
        count = 40 if size == bench.model.limit else 6
        await bench.exchange(bench.model.reduce(segments_of(bench, count), size))


@cocotb.test()
async def data_without_a_zero(dut: Any) -> None:
    """Codes of which no byte is 0, as many as a fragment holds: COBS's longest blocks."""
    bench = await EngineTestbench.opened(dut)
    bytes_of = [bench.choose.randrange(1, 256) for _ in range(bench.model.limit - 8)]
    codes = list(struct.unpack(f"<{len(bytes_of) // 4}i", bytes(bytes_of)))
    await bench.exchange(bench.model.reduce([codes]))


@cocotb.test()
@cocotb.parametrize(gaps=[0.0, 0.3], stalls=[0.0, 0.5])
async def posterior(dut: Any, gaps: float, stalls: float) -> None:
    """Agents of few rows, with and without weights."""
    bench = await EngineTestbench.opened(dut, gaps=gaps, stalls=stalls)
    for weighted in (False, True) if bench.config.weights else (False,):
        await bench.exchange(posterior_of(bench, 8, weighted))


@cocotb.test()
async def a_sink_that_opens_late(dut: Any) -> None:
    """Replies wait in the device; none is lost and none comes twice."""
    bench = await EngineTestbench.opened(dut)
    bench.sink.stalls = 1.0
    exchanges = bench.model.reduce(segments_of(bench, 12), min(200, bench.model.limit))
    task = cocotb.start_soon(bench.exchange(exchanges))
    await bench.cycles(5000)
    bench.sink.stalls = 0.3
    await task


@cocotb.test()
async def operations_one_after_another(dut: Any) -> None:
    """Operations of all types in one session; an unfinished one is ended by the next."""
    bench = await EngineTestbench.opened(dut, gaps=0.1, stalls=0.1)
    for _ in range(3):
        await bench.exchange(bench.model.reduce(segments_of(bench, 3), 48))
        unfinished = bench.model.reduce([[0] * 60], 64)
        bench.model.sequence = unfinished[2].request.sequence
        await bench.exchange(unfinished[:2])
        if bench.config.hypotheses:
            await bench.exchange(posterior_of(bench, 2, bench.config.weights))
        await bench.exchange([bench.model.status({})])
        await bench.exchange([bench.model.hello()])


@cocotb.test()
async def counters(dut: Any) -> None:
    """What a known traffic leaves in STATUS."""
    bench = await EngineTestbench.opened(dut)
    fmt = bench.config.fmt
    segments = [[fmt.max_code] * 2, [0] * 5, [7], [fmt.max_code] * 3]
    fragments = bench.model.reduce(segments, 16)
    await bench.exchange(fragments)
    # The last reply is still kept: the same request gets it again.
    await bench.exchange([Exchange(fragments[-1].request, SameReply(bench.replies[-1]))])
    expected = dict.fromkeys(Counter, 0) | {
        Counter.FRAMES: 1 + len(fragments),
        Counter.REPEATED: 1,
        Counter.CODES: sum(len(codes) for codes in segments),
        Counter.RESULTS: len(segments),
        Counter.SATURATED: 2,
    }
    await bench.exchange([bench.model.status(expected)])


@cocotb.test()
async def damaged_and_foreign_frames(dut: Any) -> None:
    """Each is dropped without a reply and counted; the session goes on."""
    bench = await EngineTestbench.opened(dut)
    request = bench.model.reduce([[0, 0]])[0].request
    nonce = bench.model.nonce
    assert nonce is not None

    def with_word(number: int, word: int) -> bytes:
        words = list(request.words)
        words[number] = word
        return encode_frame(request._replace(payload=packed(words)))

    good = encode_frame(request)
    foreign = request._replace(sequence=(request.sequence + 100) & 0xFF)
    long = cobs_encode(bytes(bench.config.largest_payload + 11)) + b"\0"
    dropped = {
        Counter.BAD_CRC: [encode_frame(request, flip=1), encode_frame(request, flip=1 << 31)],
        Counter.BAD_FRAMING: [good[:4] + b"\0", b"\x01\0", b"\x05\x11\0", long],
        Counter.BAD_NONCE: [with_word(0, nonce ^ 1)],
        Counter.BAD_SEQUENCE: [encode_frame(foreign)],
        # Operation 0, and fragment 1 of an operation that has not begun.
        Counter.BAD_OPERATION: [with_word(1, 0), with_word(2, 1)],
    }
    for frames in dropped.values():
        for frame in frames:
            await bench.run(frame, after=300)
    # Silence in mid-frame: what comes after it, up to a zero, is no frame either.
    await bench.run(good[:9])
    dut.gap.value = 1
    await bench.cycles(1)
    dut.gap.value = 0
    await bench.run(good[9:])
    dropped[Counter.GAPS] = [good]
    # A zero alone is no frame.
    await bench.run(b"\0\0\0")
    bench.model.sequence = request.sequence
    await bench.exchange(bench.model.reduce(segments_of(bench, 5), 100))
    expected = {counter: len(frames) for counter, frames in dropped.items()}
    await bench.exchange([bench.model.status(expected)])


@cocotb.test()
async def refused_requests(dut: Any) -> None:
    """Each error has its status and no result, and harms nothing that follows."""
    bench = await EngineTestbench.opened(dut)
    model, hypotheses = bench.model, bench.config.hypotheses
    code = struct.pack("<Ii", 1, 0)
    reduce, posterior = FrameType.REDUCE, FrameType.POSTERIOR
    for kind, total, status in [
        (0x33, len(code), FrameStatus.UNSUPPORTED),
        (reduce, 7, FrameStatus.BAD_LENGTH),
        (reduce, 4, FrameStatus.BAD_LENGTH),
    ]:
        await bench.exchange([model.request(kind, code, total, status)])
        await bench.exchange(model.reduce(segments_of(bench, 2)))
    result = ExpectedResult.of([0], bench.config.fmt)
    counts = (0, 1, hypotheses + 1) if hypotheses else ()
    messages: list[Message] = [
        (reduce, b"", [(code, result)], 4, FrameStatus.BAD_CRC),
        (reduce, b"", [(bytes(4), None)], 0, FrameStatus.BAD_RECORD),
        # The message ends inside a record.
        (reduce, b"", [(code[:4], None)], 0, FrameStatus.BAD_LENGTH),
        *((posterior, packed([n, *[0] * n]), [], 0, FrameStatus.BAD_RECORD) for n in counts),
    ]
    for kind, head, records, flip, status in messages:
        await bench.exchange(model.message(kind, head, records, flip=flip, status=status))
        await bench.exchange(model.reduce(segments_of(bench, 2)))


@cocotb.test()
@cocotb.parametrize(stalls=[0.0, 0.7])
async def reset_in_mid_frame(dut: Any, stalls: float) -> None:
    """A reset drops all there was, wherever it strikes; a new session works at once."""
    bench = await EngineTestbench.opened(dut, stalls=stalls)
    for number in range(9):
        # At any moment; in a reply; or in a reply while the next request comes.
        sent = (bench.config.credits, 1, 2)[number % 3]
        exchanges = bench.model.reduce(segments_of(bench, 8), 120)[:sent]
        bench.checker.expect(exchange.reply for exchange in exchanges)
        frames = [encode_frame(exchange.request) for exchange in exchanges]
        if number % 3 == 0:
            bench.driver.send(b"".join(frames))
            await bench.cycles(bench.choose.randrange(20, 600))
        else:
            before = len(bench.outputs.transfers)
            bench.driver.send(frames[0])
            while len(bench.outputs.transfers) == before:
                await bench.cycles(1)
            bench.driver.send(b"".join(frames[1:]))
            await bench.cycles(bench.choose.randrange(3, 20))
        await bench.reset(bench.choose.choice([1, 3]))
        await bench.exchange([bench.model.hello()])
        await bench.exchange(bench.model.reduce(segments_of(bench, 3), 60))


@cocotb.test(stage=1)
async def functional_coverage(dut: Any) -> None:
    """The last test: those before it have shown every bin. A filter that skips some skips it."""
    write_reports(Path.cwd())
    check_all_covered()
