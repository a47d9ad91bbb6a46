"""The endpoint as a transport; its bytes are compared with the gateware's elsewhere."""

import numpy as np
import pytest

from consilience.devices.cpu import CPU_CONFIG
from consilience.link.session import LinkSession
from consilience.link.transport import TransportClosed
from consilience.server.endpoint import SoftwareEndpoint
from consilience_hw.spec.link_map import REPLY, FrameStatus, FrameType
from consilience_sim.testing.link_oracle import frames_of, packed, request_frame

HELLO = request_frame(FrameType.HELLO, 1, 0, 5)


def test_time_passes_only_while_nothing_comes(endpoint):
    assert endpoint.receive(2.5) == b""
    assert endpoint.now() == 2.5
    endpoint.send(HELLO[:7])
    assert endpoint.receive(0.25) == b""
    endpoint.send(HELLO[7:])
    (reply,) = frames_of(endpoint.receive(99))
    assert (reply.type, reply.sequence) == (FrameType.HELLO | REPLY, 1)
    assert endpoint.now() == 2.75


def test_many_frames_in_one_piece_are_counted_in_order(endpoint):
    endpoint.send(HELLO)
    (hello,) = frames_of(endpoint.receive(0))
    nonce = hello.words[0]
    status = [request_frame(FrameType.STATUS, 2 + k, nonce, 6 + k) for k in range(2)]
    endpoint.send(status[0] + b"\x05a\0\0" + status[1] + b"\x09")
    first, second = (frame.words[6:] for frame in frames_of(endpoint.receive(0)))
    assert first == (1,) + (0,) * 15
    assert second == (2, 0, 1) + (0,) * 13


@pytest.mark.parametrize(("total", "data"), [(4, b""), (0, bytes(4)), (4, bytes(4))])
def test_status_takes_no_message(endpoint, total, data):
    endpoint.send(HELLO)
    nonce = frames_of(endpoint.receive(0))[0].words[0]
    endpoint.send(request_frame(FrameType.STATUS, 2, nonce, 6, data, total=total))
    (reply,) = frames_of(endpoint.receive(0))
    assert reply.words[3:] == (FrameStatus.BAD_LENGTH, 0, 0)


def test_a_hello_forgets_the_kept_replies(endpoint):
    endpoint.send(HELLO)
    nonce = frames_of(endpoint.receive(0))[0].words[0]
    old = request_frame(FrameType.STATUS, 2, nonce, 6)
    endpoint.send(old)
    reply = endpoint.receive(0)
    endpoint.send(old)
    assert endpoint.receive(0) == reply
    endpoint.send(request_frame(FrameType.HELLO, 4, 0, 99))
    assert endpoint.receive(0)
    endpoint.send(old)
    assert endpoint.receive(0) == b""


def opened(endpoint):
    """Open a session by HELLO, operation 5 and sequence number 1; return the nonce."""
    endpoint.send(HELLO)
    return frames_of(endpoint.receive(0))[0].words[0]


def test_an_operation_half_the_circle_away_is_not_later(endpoint):
    nonce = opened(endpoint)
    for ahead, answers in ((1 << 31, 0), ((1 << 31) - 1, 1)):
        endpoint.send(request_frame(FrameType.STATUS, 2, nonce, 5 + ahead))
        assert len(frames_of(endpoint.receive(0))) == answers


def test_more_data_than_the_total_says_are_refused(endpoint):
    data = packed([1, 7, 1, 8, 0, 0])
    endpoint.send(request_frame(FrameType.REDUCE, 2, opened(endpoint), 6, data, total=20))
    (reply,) = frames_of(endpoint.receive(0))
    assert reply.words[3:] == (FrameStatus.BAD_LENGTH, 0, 0)


def test_each_reset_gives_another_nonce(golden_device):
    endpoint = SoftwareEndpoint(golden_device)
    nonces = set()
    for _ in range(4):
        endpoint.send(HELLO)
        nonces.add(endpoint.receive(0)[:8])
        endpoint.reset()
    assert len(nonces) == 4


def test_closed(endpoint):
    endpoint.close()
    endpoint.close()
    for call in (lambda: endpoint.send(b"\0"), lambda: endpoint.receive(0)):
        with pytest.raises(TransportClosed, match="the endpoint was closed"):
            call()


def test_identity_of_the_cpu(golden_device):
    identity = LinkSession(SoftwareEndpoint(golden_device), "cpu").open()
    assert identity.build == CPU_CONFIG.build_hash == identity.expected_builds[0]
    assert (identity.board_name, identity.lanes, identity.hypotheses) == ("cpu", 1, 16)


def test_a_long_message_takes_time_in_proportion(golden_device):
    """Only the unfinished record is held; nothing is gone through twice."""
    endpoint = SoftwareEndpoint(golden_device)
    calls = []
    golden_device.sums = lambda codes, offsets: (
        calls.append(len(codes)) or (np.zeros(len(offsets) - 1, np.int32),) * 2
    )
    session = LinkSession(endpoint, "test")
    lengths = [200_000, 1, 1, 1, 50_000, 3] * 3
    words = []
    for length in lengths:
        words += [length, *[0] * length]
    message = np.array(words, np.uint32).tobytes()
    assert len(session.execute(FrameType.REDUCE, message)) == 8 * len(lengths)
    assert sum(calls) == sum(lengths)
    assert len(calls) < 2 * len(lengths)
