"""An engine with a job of a few gates: the session's rules, byte for byte."""

import random
from functools import cache
from unittest.mock import patch

import pytest
from amaranth.hdl import Module, ResetInserter, Signal
from amaranth.lib import wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In

from consilience_hw.engine.engine import Engine
from consilience_hw.link.job_port import job_port
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import REPLY, BoardId, Counter, FrameStatus, FrameType, data_limit

CONFIG = EngineConfig(
    hypotheses=0, weights=False, credits=4, largest_payload=256, board=BoardId.ICEBREAKER
)
REDUCE = FrameType.REDUCE


class AddJob(wiring.Component):
    """Records ``length, words``; result: their sum, and the length modulo 8 as status."""

    def __init__(self):
        super().__init__({"port": In(job_port())})

    def elaborate(self, platform):
        m = Module()
        port = self.port
        clear = ResetInserter(port.clear)
        results = SyncFIFOBuffered(width=35, depth=64)
        m.submodules.results = clear(results)
        left, total, length, second, bad = Signal(32), Signal(32), Signal(3), Signal(), Signal()
        pending = Signal(8)
        accepted = port.i.valid & port.i.ready
        ends = accepted & (left == 1)
        gives = port.o.valid & port.o.ready & second
        m.d.comb += [
            port.i.ready.eq(1),
            port.status.eq(FrameStatus.BAD_RECORD * bad),
            port.complete.eq(left == 0),
            port.pending.eq(pending != 0),
            port.code.eq(accepted & (left != 0)),
            results.w_data[:32].eq(total + port.i.p),
            results.w_data[32:].eq(length),
            results.w_en.eq(ends),
            port.o.valid.eq(results.r_rdy),
            port.o.p.word.eq(results.r_data[:32]),
            port.o.p.last.eq(second),
            results.r_en.eq(gives),
        ]
        with m.If(second):
            m.d.comb += port.o.p.word.eq(results.r_data[32:])
        m.d.sync += pending.eq(pending + ends - gives)
        with m.If(port.o.valid & port.o.ready):
            m.d.sync += second.eq(~second)
        with m.If(accepted):
            with m.If(left == 0):
                m.d.sync += [left.eq(port.i.p), length.eq(port.i.p), total.eq(0)]
                m.d.sync += bad.eq(port.i.p == 0)
            with m.Else():
                m.d.sync += [left.eq(left - 1), total.eq(total + port.i.p)]
        with m.If(port.clear):
            m.d.sync += [s.eq(0) for s in (left, total, second, bad, pending)]
        return m


@pytest.fixture(scope="module")
def link(bench):
    """Return a function that runs a script on a link after reset and returns (replies, bench)."""
    bench_of = cache(lambda config: bench(Engine(config)))

    def run(script, config=CONFIG, **options):
        with patch("consilience_hw.engine.core.Jobs", lambda config: AddJob()):
            one = bench_of(config)
            return one.run(script, **{"in_flight": config.credits} | options), one

    return run


def records_of(lengths, choose):
    return [[choose.getrandbits(32) for _ in range(length)] for length in lengths]


def words_of(records):
    return [word for record in records for word in (len(record), *record)]


def sums_of(records):
    return [w for one in records for w in (sum(one) & 0xFFFF_FFFF, len(one) & 7)]


def counters_of(reply):
    assert reply.type == FrameType.STATUS | REPLY
    return {counter: value for counter, value in zip(Counter, reply.words, strict=True) if value}


def test_hello(link, frames):
    out, _ = link([frames.hello(200, 77)])
    (reply,) = frames.replies(out)
    assert (reply.type, reply.sequence) == (FrameType.HELLO | REPLY, 200)
    assert (reply.nonce, reply.operation, reply.fragment) == (frames.nonce, 77, 0)
    assert frames.assert_results([reply]) == CONFIG.hello_words(frames.nonce)


@pytest.mark.parametrize("gaps", [0, 0.3])
@pytest.mark.parametrize("stalls", [0, 0.4])
def test_a_message_in_fragments_that_straddle_records(link, frames, gaps, stalls):
    choose = random.Random(1)
    records = records_of([1, 5, 1, 1, 30, 9, 2], choose)
    message = frames.message(words_of(records))
    requests = frames.fragments(REDUCE, 251, 2, message, [4, 8, 40, 64, 4, 4])
    # The sequence number wraps.
    script = [frames.hello(250), *requests, frames.status(251 + len(requests), 3)]
    out, _ = link(script, gaps=gaps, stalls=stalls, seed=2)
    hello, *replies, status = frames.replies(out)
    assert [reply.sequence for reply in replies] == [(251 + k) % 256 for k in range(7)]
    assert [reply.fragment for reply in replies] == list(range(7))
    assert {(reply.type, reply.operation) for reply in replies} == {(REDUCE | REPLY, 2)}
    assert frames.assert_results(replies) == sums_of(records)
    assert frames.assert_results([status])
    assert counters_of(status) == {
        Counter.FRAMES: 1 + len(replies),
        Counter.CODES: sum(map(len, records)),
        Counter.RESULTS: len(records),
        Counter.SATURATED: sum(len(one) & 1 for one in records),
        Counter.HARD_TO_ROUND: sum(len(one) >> 2 & 1 for one in records),
    }
    assert hello.status == 0


def test_results_come_with_the_fragment_that_completes_them(link, frames):
    message = frames.message([2, 10, 11, 1, 5])
    requests = frames.fragments(REDUCE, 1, 2, message, [8, 4, 4])
    replies = frames.replies(link([frames.hello(), *requests])[0])[1:]
    assert [reply.words for reply in replies] == [(), (21, 2), (), (5, 1)]


def test_a_repeated_request_is_answered_alike_and_executed_once(link, frames):
    records = records_of([3, 2], random.Random(3))
    message = frames.message(words_of(records))
    first, second = frames.fragments(REDUCE, 1, 2, message, [16])
    hello = frames.hello()
    script = [hello, hello, first, first, hello, second, first, second, second]
    script.append(frames.status(3, 3))
    out, _ = link(script)
    replies = frames.replies(out)
    by_sequence = {}
    for reply in replies:
        by_sequence.setdefault(reply.sequence, []).append(reply.raw)
    # A reply repeated while it waits to be sent is sent once.
    assert set(by_sequence) == {0, 1, 2, 3}
    assert all(len(set(raws)) == 1 for raws in by_sequence.values())
    counters = counters_of(replies[-1])
    assert counters[Counter.FRAMES] == 3
    assert counters[Counter.REPEATED] == 5
    assert counters[Counter.BAD_SEQUENCE] == 1, "a HELLO from before another request"
    assert counters[Counter.CODES] == 5
    assert frames.assert_results(
        [next(r for r in replies if r.sequence == k) for k in (1, 2)]
    ) == sums_of(records)


def test_only_the_last_replies_are_kept(link, frames):
    requests = [frames.status(k, 1 + k) for k in range(1, 7)]
    script = [frames.hello(), *requests, requests[2], requests[1], frames.status(7, 8)]
    out, _ = link(script, in_flight=1)
    replies = frames.replies(out)
    assert [reply.sequence for reply in replies] == [0, 1, 2, 3, 4, 5, 6, 3, 7]
    assert replies[3].raw == replies[7].raw
    counters = counters_of(replies[-1])
    assert (counters[Counter.REPEATED], counters[Counter.BAD_SEQUENCE]) == (1, 1)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda f, m: f.status(1, 2, nonce=f.nonce ^ 1), Counter.BAD_NONCE),
        (lambda f, m: f.status(2, 2), Counter.BAD_SEQUENCE),
        (lambda f, m: f.status(254, 2), Counter.BAD_SEQUENCE),
        (lambda f, m: f.status(0, 2), Counter.BAD_OPERATION),
        (lambda f, m: f.status(1, 1), Counter.BAD_OPERATION),
        (lambda f, m: f.status(1, 0), Counter.BAD_OPERATION),
        (lambda f, m: f.status(1, 0x8000_0002), Counter.BAD_OPERATION),
        (lambda f, m: f.request(REDUCE, 1, 2, m, fragment=1, total=len(m)), Counter.BAD_OPERATION),
        (lambda f, m: f.request(REDUCE | REPLY, 1, 2, m, total=len(m)), Counter.BAD_OPERATION),
        (lambda f, m: f.hello(1, 2, fragment=1), Counter.BAD_OPERATION),
        (lambda f, m: f.hello(1, 2, total=4), Counter.BAD_OPERATION),
        (lambda f, m: f.hello(1, 2, data=b"\0\0\0\0"), Counter.BAD_OPERATION),
    ],
)
def test_what_fits_no_rule_is_dropped_and_counted(link, frames, make, reason):
    """And changes nothing: the next request in turn is executed."""
    message = frames.message([1, 5])
    good = frames.request(REDUCE, 1, 2, message, total=len(message))
    out, _ = link([frames.hello(), make(frames, message), good, frames.status(2, 3)])
    _, reply, status = frames.replies(out)
    assert frames.assert_results([reply]) == [5, 1]
    counters = counters_of(status)
    assert counters.pop(Counter.FRAMES) == 2
    assert counters == {reason: 1, Counter.CODES: 1, Counter.RESULTS: 1, Counter.SATURATED: 1}


def test_fragments_out_of_turn_are_dropped(link, frames):
    message = frames.message([3, 5, 6, 7])
    first, second, third = frames.fragments(REDUCE, 1, 2, message, [8, 8])
    other_type = frames.request(0x12, 2, 2, message[8:16], 1, len(message))
    again = frames.request(REDUCE, 2, 2, message[:8], 0, len(message))
    skipping = frames.request(REDUCE, 2, 2, message[16:], 2, len(message))
    stranger = frames.request(REDUCE, 2, 3, message[8:16], 1, len(message))
    script = [frames.hello(), first, other_type, again, skipping, stranger, second, third]
    _, *replies, status = frames.replies(link([*script, frames.status(4, 9)])[0])
    assert frames.assert_results(replies) == [18, 3]
    assert counters_of(status)[Counter.BAD_OPERATION] == 4


def test_nothing_but_hello_before_the_first_hello(link, frames):
    early = [frames.status(0, 1), frames.request(FrameType.STATUS, 0, 1, nonce=0)]
    out, _ = link([*early, frames.hello(9, 1), frames.status(10, 2)])
    _, status = frames.replies(out)
    assert counters_of(status) == {Counter.FRAMES: 1, Counter.BAD_NONCE: 2}


def test_a_later_hello_opens_a_session_of_its_own(link, frames):
    message = frames.message([3, 1, 2, 3])
    first, second = frames.fragments(REDUCE, 1, 2, message, [8])
    script = [
        frames.hello(0, 1),
        first,
        frames.hello(77, 0x9000_0000),  # any id but the last HELLO's
        second,  # of the session before: neither expected nor kept
        frames.status(77, 0x9000_0001),  # kept, but of another operation
        frames.status(78, 0x9000_0000),  # not later than HELLO's
        frames.status(78, 0x9000_0001),
    ]
    hello, _, again, status = frames.replies(link(script, in_flight=1)[0])
    assert again.words == hello.words, "the nonce stays until the device is reset"
    assert counters_of(status) == {
        Counter.FRAMES: 3,
        Counter.CODES: 1,
        Counter.BAD_SEQUENCE: 1,
        Counter.BAD_OPERATION: 2,
    }


def test_a_hello_forgets_the_kept_replies(link, frames):
    old = frames.status(1, 2)
    script = [frames.hello(0, 1), old, frames.hello(3, 9), old, frames.status(4, 10)]
    *_, last = replies = frames.replies(link(script, in_flight=1)[0])
    assert [reply.sequence for reply in replies] == [0, 1, 3, 4]
    assert counters_of(last) == {Counter.FRAMES: 3, Counter.BAD_SEQUENCE: 1}


def test_the_nonce_is_drawn_once(link, frames):
    async def other_entropy(ctx, one):
        await ctx.tick().repeat(600)
        ctx.set(one.dut.entropy, 99)

    script = [frames.hello(0, 1), other_entropy, frames.hello(9, 5), frames.status(10, 6)]
    replies = frames.replies(link(script)[0])
    assert [reply.nonce for reply in replies] == [frames.nonce] * 3


def test_a_hello_repeated_after_its_reply_is_gone_changes_nothing(link, frames):
    """It may have been on its way for long: not even an operation in the middle is disturbed."""
    message = frames.message([5, 1, 2, 3, 4, 5])
    *first, last = frames.fragments(REDUCE, 1, 2, message, [4, 4, 4, 4, 4])
    out, _ = link([frames.hello(), *first, frames.hello(), last, frames.status(7, 3)], in_flight=1)
    _, *replies, status = frames.replies(out)
    assert [reply.sequence for reply in replies] == [1, 2, 3, 4, 5, 6]
    assert frames.assert_results(replies) == [15, 5]
    counters = counters_of(status)
    assert (counters[Counter.FRAMES], counters[Counter.BAD_SEQUENCE]) == (7, 1)


def test_a_new_operation_ends_an_unfinished_one(link, frames):
    old = frames.message([9, 1, 2, 3, 4])
    new = frames.message([2, 5, 6])
    first = frames.fragments(REDUCE, 1, 2, old, [16])[0]
    rest = frames.request(REDUCE, 3, 2, old[16:], 1, len(old))
    script = [frames.hello(), first, frames.request(REDUCE, 2, 3, new, total=len(new)), rest]
    _, _, reply, status = frames.replies(link([*script, frames.status(3, 4)])[0])
    assert frames.assert_results([reply]) == [11, 2]
    assert counters_of(status)[Counter.BAD_OPERATION] == 1


LIMIT = data_limit(CONFIG.largest_payload)


@pytest.mark.parametrize(
    ("kind", "data", "total", "status"),
    [
        (0x12, [1, 5], None, FrameStatus.UNSUPPORTED),
        (FrameType.POSTERIOR, [2, 0, 0], None, FrameStatus.UNSUPPORTED),
        (0x00, None, 0, FrameStatus.UNSUPPORTED),
        (REDUCE, [1, 5], 8, FrameStatus.BAD_LENGTH),  # more than the total
        (REDUCE, [1, 5], 13, FrameStatus.BAD_LENGTH),  # no whole words
        (REDUCE, None, 12, FrameStatus.BAD_LENGTH),  # no data
        (REDUCE, None, 0, FrameStatus.BAD_LENGTH),
        (REDUCE, [2, 5], None, FrameStatus.BAD_LENGTH),  # ends inside a record
        (REDUCE, [LIMIT // 4 - 1] + [0] * (LIMIT // 4 - 1), None, FrameStatus.BAD_LENGTH),  # long
        (REDUCE, [0, 5], None, FrameStatus.BAD_RECORD),
        (REDUCE, [1, 5, 0], None, FrameStatus.BAD_RECORD),
        (FrameType.STATUS, [1], 8, FrameStatus.BAD_LENGTH),
        (FrameType.STATUS, None, 4, FrameStatus.BAD_LENGTH),
    ],
)
def test_bad_messages(link, frames, kind, data, total, status):
    """The operation is over with that status, the session is not."""
    message = b"" if data is None else frames.message(data)
    total = len(message) if total is None else total
    request = frames.request(kind, 1, 2, message, total=total)
    script = [frames.hello(), request]
    running = kind != FrameType.STATUS
    if running:  # a further fragment: the same status, no data
        script.append(frames.request(kind, 2, 2, frames.message([1, 7]), 1, total))
    good = frames.message([1, 5])
    script.append(frames.request(REDUCE, 2 + running, 3, good, total=len(good)))
    _, *replies, last = frames.replies(link(script)[0])
    frames.assert_results([replies[0]], status)
    for further in replies[1:]:
        assert (further.status, further.words) == (status, ())
        assert (further.produced, further.crc) == (replies[0].produced, replies[0].crc)
    assert len(replies) == 1 + running
    assert frames.assert_results([last]) == [5, 1]


def test_the_longest_fragment_is_taken(link, frames):
    codes = list(range(LIMIT // 4 - 2))
    message = frames.message([len(codes), *codes])
    assert len(message) == LIMIT
    out, _ = link([frames.hello(), frames.request(REDUCE, 1, 2, message, total=LIMIT)])
    assert frames.assert_results(frames.replies(out)[1:]) == [sum(codes), len(codes) & 7]


def test_a_wrong_message_crc(link, frames):
    message = bytearray(frames.message([1, 5, 1, 6]))
    message[5] ^= 1  # the frames' own CRC is right
    requests = frames.fragments(REDUCE, 1, 2, bytes(message), [8])
    _, first, second = frames.replies(link([frames.hello(), *requests])[0])
    assert first.status == FrameStatus.OK
    assert second.status == FrameStatus.BAD_CRC


def test_a_total_that_changes(link, frames):
    message = frames.message([3, 5, 6, 7])
    first = frames.request(REDUCE, 1, 2, message[:8], 0, len(message))
    second = frames.request(REDUCE, 2, 2, message[8:], 1, len(message) + 4)
    replies = frames.replies(link([frames.hello(), first, second])[0])
    assert [reply.status for reply in replies] == [0, 0, FrameStatus.BAD_LENGTH]


def test_damaged_frames_between_good_ones(link, frames):
    hello, good = frames.hello(), frames.status(1, 2)
    crc = bytearray(good)
    crc[4] ^= 1
    script = [hello, good[:11] + b"\0", bytes(crc), b"\x01\0", b"\xff" * 1500 + b"\0", good]
    out, _ = link(script)
    status = frames.replies(out)[1]
    assert counters_of(status) == {
        Counter.FRAMES: 1,
        Counter.BAD_FRAMING: 3,
        Counter.BAD_CRC: 1,
    }


def test_silence_and_reset_inside_a_frame(link, frames):
    async def gap(ctx, one):
        ctx.set(one.dut.gap, 1)
        await ctx.tick()
        ctx.set(one.dut.gap, 0)
        await ctx.tick().repeat(2)

    async def reset(ctx, one):
        await ctx.tick().repeat(600)
        ctx.set(one.reset, 1)
        ctx.set(one.dut.entropy, 99)
        await ctx.tick()
        ctx.set(one.reset, 0)

    request = frames.status(1, 2)
    script = [frames.hello(), request[:9], gap, request[9:], request, request[:12], reset]
    # After the reset: the rest of a frame, a request of the session before, a new session.
    script += [request[12:], request, frames.hello(4, 1), frames.status(5, 2, nonce=99)]
    replies = frames.replies(link(script)[0])
    assert [reply.nonce for reply in replies] == [frames.nonce, frames.nonce, 99, 99]
    assert counters_of(replies[1]) == {Counter.FRAMES: 1, Counter.GAPS: 1}
    assert counters_of(replies[3]) == {
        Counter.FRAMES: 1,
        Counter.BAD_FRAMING: 1,
        Counter.BAD_NONCE: 1,
    }


def test_a_host_that_overruns_its_credits_loses_requests_but_no_answer_is_wrong(link, frames):
    hello, *requests = [frames.hello(), *(frames.status(k, 1 + k) for k in range(1, 12))]
    out, _ = link(
        [hello, *requests],
        in_flight=None,
        stalls=lambda cycle: 1.0 if cycle < 3000 else 0.0,
        quiet=700,
    )
    replies = frames.replies(out)
    sequences = [reply.sequence for reply in replies]
    assert sequences == list(range(len(sequences)))
    assert 4 <= len(sequences) < 12
    for reply in replies:
        frames.assert_results([reply])


@pytest.mark.parametrize(
    "slots", [2, *(pytest.param(slots, marks=pytest.mark.slow) for slots in (4, 8)), 16, 32]
)
def test_any_number_of_credits(link, frames, slots):
    config = EngineConfig(hypotheses=0, weights=False, credits=slots, largest_payload=300)
    count = slots + 3
    requests = [frames.status(k, 1 + k) for k in range(1, count)]
    script = [frames.hello(), *requests, requests[-slots], frames.status(count, count + 1)]
    replies = frames.replies(link(script, config, in_flight=1)[0])
    assert [reply.sequence for reply in replies] == [*range(count), count - slots, count]
    assert replies[-2].raw == replies[count - slots].raw


def test_as_many_long_replies_are_kept_as_there_are_credits(link, frames):
    """Whatever their length, none is overwritten: all of them, asked for again, come again."""
    config = EngineConfig(hypotheses=0, weights=False, credits=16, largest_payload=300)
    fragment = data_limit(300)
    records = [[number] for number in range(16 * fragment // 8 - 1)]  # and the message's CRC
    message = frames.message(words_of(records))
    requests = frames.fragments(REDUCE, 1, 2, message, [fragment] * 15)
    script = [frames.hello(), *requests, *requests, frames.status(17, 3)]
    _, *replies, status = frames.replies(link(script, config, in_flight=1)[0])
    first, again = replies[:16], replies[16:]
    assert frames.assert_results(first) == sums_of(records)
    assert [reply.raw for reply in again] == [reply.raw for reply in first]
    assert counters_of(status)[Counter.REPEATED] == 16
