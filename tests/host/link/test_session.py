"""The host driver against a device in software: sessions, errors, interruptions."""

import random
import struct
import time

import numpy as np
import pytest

from consilience.errors import AbiMismatch, ConsilienceError, LinkError, NoDevice
from consilience.link.frames import FrameDecoder
from consilience.link.identity import BuildWarning
from consilience.link.messages import parse_results, reduce_records
from consilience.link.session import LARGEST_MESSAGE, LinkSession
from consilience.link.transport import Transport, TransportClosed
from consilience.server.endpoint import SoftwareEndpoint
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import ABI, REPLY, BoardId, Counter, FrameStatus, FrameType
from consilience_sim.testing.link_oracle import Frame, crc32, encode_frame


def reduce(session, made):
    codes, offsets, _ = made
    reply = session.execute(FrameType.REDUCE, reduce_records(codes, offsets).data.cast("B"))
    return parse_results(reply, len(offsets) - 1, 1)


def assert_right(session, made):
    codes, status = reduce(session, made)
    assert (codes[:, 0] == made[2][0]).all()
    assert (status == made[2][1]).all()


class Rewriter(Transport):
    """Lets a test rewrite the payload of each reply, once its own CRC is checked."""

    reply_timeout = 1.0

    def __init__(self, endpoint, rewrite):
        self.endpoint = endpoint
        self.rewrite = rewrite
        self.decoder = FrameDecoder(24)

    def send(self, data):
        self.endpoint.send(data)

    def receive(self, timeout):
        frames = self.decoder.feed(self.endpoint.receive(timeout))
        return b"".join(encode_frame(Frame(*self.rewrite(frame))) for frame in frames)

    def now(self):
        return self.endpoint.now()

    def close(self):
        self.endpoint.close()


def test_results_and_counters(session, line, segments):
    made = segments(random.Random(1), 40)
    assert_right(session, made)
    device = session.status()
    assert list(device) == [counter.name.lower() for counter in Counter]
    host = session.counters
    assert device["codes"] == len(made[0])
    assert device["results"] == 40
    assert device["frames"] + 1 == host["requests"] == host["replies"]
    assert {name for name, value in host.items() if value} == {"sessions", "requests", "replies"}
    assert session.identity.board == BoardId.CPU
    assert line.now() == 0


def test_one_session_for_many_calls(session, segments):
    choose = random.Random(2)
    for _ in range(30):  # sequence numbers wrap
        assert_right(session, segments(choose, 3))
    assert session.counters["sessions"] == 1


def test_any_bytes_like_message_of_whole_words(session):
    words = struct.pack("<3I", 2, 65536, 65536)
    expected = struct.pack("<2I", 2 * 65536, 0)
    for message in (words, bytearray(words), memoryview(words)):
        assert session.execute(FrameType.REDUCE, message) == expected
    assert session.execute(FrameType.REDUCE, b"") == b""
    with pytest.raises(ValueError, match="a message of 5 bytes"):
        session.execute(FrameType.REDUCE, bytes(5))
    huge = memoryview(np.broadcast_to(np.uint8(0), LARGEST_MESSAGE + 4))
    with pytest.raises(ValueError, match="a message of 4294967292 bytes"):
        session.execute(FrameType.REDUCE, huge)


@pytest.mark.parametrize("most", [2, 8, 32])
def test_all_credits_are_used_and_no_more(golden_device, faulty_line, segments, most):
    config = EngineConfig(board=BoardId.CPU, clock_hz=1, credits=most, largest_payload=300)
    line = faulty_line(SoftwareEndpoint(golden_device, config), most_in_flight=most)
    seen = []
    send = line.endpoint.send
    line.endpoint.send = lambda data: (seen.append(len(line.in_flight)), send(data))
    assert_right(LinkSession(line, "test"), segments(random.Random(3), 40))
    assert max(seen) == most


def test_nobody_there(session, line):
    line.rate, line.kinds = 1.0, ("lose",)
    with pytest.raises(NoDevice, match=r"^test: no device answers there; check its power"):
        session.open()
    assert line.now() == 4 * line.reply_timeout
    assert session.counters["timeouts"] == 4
    line.rate = 0.0
    assert session.open().credits == line.most_in_flight


def test_a_device_that_stops_answering(session, line, segments):
    made = segments(random.Random(4), 20)
    assert_right(session, made)
    line.rate, line.kinds = 1.0, ("lose",)
    before = line.now()
    with pytest.raises(LinkError, match=r"^test: no reply after 8 retries, no result .*; check"):
        reduce(session, made)
    assert line.now() - before == 9 * line.reply_timeout
    with pytest.raises(LinkError) as raised:  # not NoDevice: it was there
        session.status()
    assert raised.value.counters == session.counters
    assert f"timeouts {session.counters['timeouts']}" in str(raised.value)
    assert session.counters["resent"] == 8 * line.most_in_flight + 8
    line.rate = 0.0
    before = line.now()
    assert_right(session, made)
    assert line.now() == before


def test_retries_are_counted_anew_with_each_reply(line, segments):
    """Every request is lost at first; a repetition, which begins with a zero, gets through."""
    session = LinkSession(line, "test", retries=1)
    session.open()
    send = line.endpoint.send
    line.endpoint.send = lambda data: send(data) if data.startswith(b"\0") else None
    assert_right(session, segments(random.Random(11), 40))
    assert session.counters["timeouts"] > 2


def test_a_call_that_a_reset_interrupts_begins_anew(session, line, segments):
    """Found within one timeout, whenever it comes."""
    made = segments(random.Random(5), 60)
    assert_right(session, made)
    send = line.endpoint.send
    for sends in (1, 2, 3, 7, 20):
        left = [sends]

        def reset_on_the_way(data, left=left):
            left[0] -= 1
            if left[0] == 0:
                line.endpoint.reset()
            send(data)

        line.endpoint.send = reset_on_the_way
        before, sessions = line.now(), session.counters["sessions"]
        assert_right(session, made)
        assert session.counters["sessions"] == sessions + 1
        assert line.now() - before == line.reply_timeout


def test_a_reset_between_calls(session, line, segments):
    session.open()
    line.endpoint.reset()
    assert session.status()["frames"] == 1
    assert line.now() == line.reply_timeout


def test_a_device_that_is_reset_again_and_again(session, line, segments):
    made = segments(random.Random(5), 60)
    session.open()
    send = line.endpoint.send
    line.endpoint.send = lambda data: (send(data), line.endpoint.reset())
    with pytest.raises(LinkError, match=r"no reply after 8 retries"):
        reduce(session, made)  # it never lives long enough to answer
    sent = [0]

    def reset_every_sixth(data):
        sent[0] += 1
        if sent[0] % 6 == 0:
            line.endpoint.reset()
        send(data)

    line.endpoint.send = reset_every_sixth
    with pytest.raises(LinkError, match=r"the device was reset 4 times in one call, .* its power"):
        reduce(session, made)
    line.endpoint.send = send
    assert_right(session, made)


def test_probes_do_not_disturb_a_session(session, line, segments):
    """Frames get lost, nobody was reset: what is asked is dropped, or told again."""
    made = segments(random.Random(12), 40)
    session.open()
    send, lost = line.endpoint.send, [0]

    def lose_every_second(data):
        lost[0] += 1
        send(b"" if lost[0] % 2 else data)

    line.endpoint.send = lose_every_second
    for _ in range(5):
        assert_right(session, made)
    line.endpoint.send = send
    counters = session.status()
    assert session.counters["sessions"] == 1
    assert session.counters["probed"] == 1  # before anything else was executed
    assert counters["bad_sequence"] > 5
    assert counters["bad_operation"] == counters["bad_nonce"] == 0


def test_an_interrupted_call_leaves_nothing_behind(session, line, segments):
    choose = random.Random(6)
    made = segments(choose, 30)
    reduce(session, made)
    for calls in (*range(1, 30), 60):
        before = line.now()
        line.interrupt_at = calls
        try:
            assert_right(session, made)
            line.interrupt_at = None
        except KeyboardInterrupt:
            # Half a frame on its way, in either direction, and replies to nobody.
            line.endpoint.send(encode_frame(Frame(FrameType.REDUCE, 3, bytes(16)))[:11])
        assert_right(session, segments(choose, 5))
        assert line.now() == before
    assert session.counters["sessions"] > 20


def test_every_opening_is_a_hello_of_its_own(line):
    """Also with the unluckiest random numbers: else the device would answer with an old reply."""
    session = LinkSession(line, "test", random_bits=lambda bits: 0)
    for _ in range(4):
        session.open()
    counters = session.status()
    assert (counters["frames"], counters["repeated"]) == (4, 0)


def test_an_interrupted_opening(line, segments):
    for calls in (1, 2, 3):
        session = LinkSession(line, "test")
        line.interrupt_at = calls
        with pytest.raises(KeyboardInterrupt):
            session.open()
        assert_right(session, segments(random.Random(calls)))


def test_another_host_took_the_device(session, line, segments):
    made = segments(random.Random(7), 60)
    reduce(session, made)
    reduce(LinkSession(line, "other"), made)
    with pytest.raises(LinkError):
        reduce(session, made)
    assert_right(session, made)


def test_another_device_took_its_place(session, line, golden_device):
    session.open()
    line.endpoint.reset()
    config = EngineConfig(board=BoardId.CPU, clock_hz=1, credits=2, largest_payload=256)
    line.endpoint = SoftwareEndpoint(golden_device, config)
    for _ in range(2):
        with pytest.raises(LinkError, match=r"another device answers there now, .*; open it again"):
            session.status()


def test_a_closed_transport(line, golden_device, segments):
    session = LinkSession(line, "test")
    line.close()
    with pytest.raises(NoDevice, match=r"^test: the endpoint was closed before a device answered"):
        session.open()

    session = LinkSession(SoftwareEndpoint(golden_device), "test")
    session.open()
    session.close()
    session.close()
    with pytest.raises(LinkError, match=r"the endpoint was closed, .*; open the device again"):
        session.status()

    endpoint = SoftwareEndpoint(golden_device)
    session = LinkSession(endpoint, "test")
    session.open()
    receive = endpoint.receive
    endpoint.receive = lambda timeout: (endpoint.close(), receive(timeout))
    with pytest.raises(LinkError, match=r"the endpoint was closed, .*; open the device again"):
        session.status()
    assert issubclass(TransportClosed, LinkError)


@pytest.mark.parametrize(("change", "side"), [(1, "update this host"), (-1, "rebuild the device")])
def test_another_abi(endpoint, change, side):
    def rewrite(frame):
        data = struct.pack("<I", ABI + change)
        payload = frame.payload[:28] + data + frame.payload[32:]
        return retold(frame, payload)

    with pytest.raises(AbiMismatch, match=f"ABI {ABI + change}, this host {ABI}; {side}"):
        LinkSession(Rewriter(endpoint, rewrite), "test").open()


def test_another_protocol(endpoint):
    def rewrite(frame):
        return retold(frame, frame.payload[:24] + b"LNSC" + frame.payload[28:])

    with pytest.raises(NoDevice, match="test: what answers there is no consilience device"):
        LinkSession(Rewriter(endpoint, rewrite), "test").open()


def retold(frame, payload, status=0):
    """Return a frame whose header tells of its data as it is now."""
    data = payload[24:]
    header = payload[:12] + struct.pack("<3I", status, len(data), crc32(data))
    return frame._replace(payload=header + data)


def test_another_build_is_warned_of_once(endpoint, segments):
    def rewrite(frame):
        if frame.type != FrameType.HELLO | REPLY:
            return frame
        return retold(frame, frame.payload[:36] + b"\1\2\3\4" + frame.payload[40:])

    session = LinkSession(Rewriter(endpoint, rewrite), "test")
    with pytest.warns(BuildWarning, match=r"test: its build is .{8}04030201, "):
        session.open()
    session.open()
    assert_right(session, segments(random.Random(8)))


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ([2, 5], FrameStatus.BAD_LENGTH),
        ([0, 5], FrameStatus.BAD_RECORD),
        ([1] * 500, FrameStatus.OK),
        ([1] * 500 + [0] * 500, FrameStatus.BAD_RECORD),
    ],
)
def test_a_message_that_the_device_refuses(session, segments, message, status):
    data = struct.pack(f"<{len(message)}I", *message)
    if status == FrameStatus.OK:
        assert len(session.execute(FrameType.REDUCE, data)) == 2000
    else:
        with pytest.raises(ConsilienceError, match=f"REDUCE message .{status.name}.: .*; update"):
            session.execute(FrameType.REDUCE, data)
    assert_right(session, segments(random.Random(9)))


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("kind", ["message", "results"])
def test_damage_that_no_frame_shows_is_repaired_once(endpoint, segments, times, kind):
    left = [times]

    def rewrite(frame):
        first = struct.unpack_from("<3I", frame.payload)[2] == 0
        if frame.type == FrameType.REDUCE | REPLY and first and left[0]:
            left[0] -= 1
            if kind == "message":
                return retold(frame, frame.payload, FrameStatus.BAD_CRC)
            return frame._replace(payload=frame.payload[:-1] + b"?")
        return frame

    session = LinkSession(Rewriter(endpoint, rewrite), "test")
    made = segments(random.Random(10), 30)
    if times == 2:
        with pytest.raises(LinkError, match=f"the {kind} arrived damaged, twice, no result"):
            reduce(session, made)
    assert_right(session, made)
    assert session.counters["sessions"] == times + 1


def test_counters_of_another_number(endpoint):
    def rewrite(frame):
        if frame.type != FrameType.STATUS | REPLY:
            return frame
        return retold(frame, frame.payload[:-4])

    with pytest.raises(LinkError, match="STATUS gave 60 bytes, not 64"):
        LinkSession(Rewriter(endpoint, rewrite), "test").status()


def test_noise_that_never_ends_does_not_hold_a_call():
    class Noise(Transport):
        reply_timeout = 1.0
        time = 0.0

        def send(self, data):
            pass

        def receive(self, timeout):
            self.time += 0.1
            return encode_frame(Frame(FrameType.STATUS | REPLY, 1, bytes(24)))

        def now(self):
            return self.time

        def close(self):
            pass

    noise = Noise()
    session = LinkSession(noise, "test")
    with pytest.raises(NoDevice):
        session.open()
    assert noise.time == pytest.approx(4, abs=0.6)
    assert session.counters["stray"] > 30


class Replay(Transport):
    """Gives the replies that an endpoint gave before to the same requests, at no cost."""

    reply_timeout = 1.0

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.kept = []
        self.replies = None

    def send(self, data):
        if self.replies is None:
            self.endpoint.send(data)

    def receive(self, timeout):
        if self.replies is None:
            self.kept.append(self.endpoint.receive(timeout))
            return self.kept[-1]
        return next(self.replies)

    def now(self):
        return 0.0

    def close(self):
        pass


def test_the_driver_costs_little_beside_the_device(golden_device):
    """10**6 codes, 4,300 fragments: 0.4 s allowed, some 0.02 s taken."""
    transport = Replay(SoftwareEndpoint(golden_device, entropy=lambda: 7))
    codes = np.zeros(10**6, np.int32)
    message = reduce_records(codes, np.array([0, len(codes)])).data.cast("B")
    results = []
    for _ in range(2):
        session = LinkSession(transport, "test", random_bits=random.Random(1).getrandbits)
        session.open()
        started = time.process_time()
        results.append(session.execute(FrameType.REDUCE, message))
        took = time.process_time() - started
        transport.replies = iter(transport.kept)
    assert results[0] == results[1]
    assert took < 0.4
