"""One operation: its window of requests, and which replies count."""

import struct

import pytest

from consilience.link.frames import FrameDecoder, LinkFrame
from consilience.link.operation import Damaged, Operation, Refused, fragments
from consilience_hw.spec.link_map import REPLY, FrameStatus, FrameType
from consilience_sim.testing.link_oracle import crc32, sealed

NONCE = 77


def operation(parts=10, most=4, sequence=250):
    data = [bytes([k]) * 4 for k in range(parts)]
    return Operation(FrameType.REDUCE, 5, NONCE, sequence, 4 * parts, data, most)


def requests(frames):
    return FrameDecoder(16).feed(b"".join(frames))


def reply_to(request, data=b"", status=0, produced=None, crc=None, **changes):
    nonce, number, fragment, _ = struct.unpack("<4I", request.payload[:16])
    header = {"nonce": nonce, "operation": number, "fragment": fragment} | changes
    produced = len(data) if produced is None else produced
    crc = crc32(data) if crc is None else crc
    payload = struct.pack("<6I", *header.values(), status, produced, crc) + data
    return LinkFrame(request.type | REPLY, request.sequence, payload)


@pytest.mark.parametrize("size", [4, 8, 12, 100])
@pytest.mark.parametrize("length", [0, 4, 8, 12, 20, 24])
def test_fragments_are_the_message_and_its_crc(length, size):
    message = bytes(range(length))
    total, parts = fragments(memoryview(message), size)
    parts = list(parts)
    assert b"".join(parts) == sealed(message)
    assert total == length + 4
    assert {len(part) for part in parts[:-1]} <= {size}
    assert 0 < len(parts[-1]) <= size


def test_the_window_slides_with_the_replies():
    one = operation()
    sent = requests(one.launch())
    assert [frame.sequence for frame in sent] == [250, 251, 252, 253]
    assert one.launch() == []
    assert one.take(reply_to(sent[0]))
    sent += requests(one.launch())
    assert sent[-1].sequence == 254
    assert struct.unpack("<5I", sent[-1].payload) == (NONCE, 5, 4, 40, 0x04040404)
    for number in range(1, 10):
        assert one.take(reply_to(sent[number]))
        sent += requests(one.launch())
    assert one.finished
    assert [frame.sequence for frame in sent] == [k & 0xFF for k in range(250, 260)]
    assert one.next_sequence == 4


def test_results_are_put_in_order_and_checked_in_order():
    one = operation()
    sent = requests(one.launch())
    parts = [b"abcd", b"", b"efghijkl", b"mnop"]
    replies, so_far = [], b""
    for request, part in zip(sent, parts, strict=True):
        so_far += part
        replies.append(reply_to(request, part, 0, len(so_far), crc32(so_far)))
    assert one.take(replies[2])
    assert one.take(replies[1])
    assert not one.take(replies[2]), "a second one of the same"
    assert one.take(replies[0])
    assert one.take(replies[3])
    assert one.result == b"".join(parts)
    assert not one.take(replies[3]), "of a request answered before"


def test_what_is_taken_for_lost_is_launched_again_before_what_is_new():
    one = operation()
    sent = requests(one.launch())
    assert one.take(reply_to(sent[1]))
    assert (one.live, one.took) == (4, 1)
    one.fall_back()
    assert requests(one.launch(most=1)) == sent[:1]
    assert one.launch(most=1) == []
    assert requests(one.launch(reserved=1)) == sent[2:]
    assert one.launch() == []
    assert one.take(reply_to(sent[0]))
    assert (one.answered, one.live, one.took) == (2, 2, 0)
    assert [frame.sequence for frame in requests(one.launch())] == [254, 255]


def test_with_a_limit_replies_that_are_overtaken_hold_nothing_up():
    one = operation()
    sent = requests(one.launch(most=2))
    assert one.take(reply_to(sent[1]))
    sent += requests(one.launch(most=2))
    assert len(sent) == 3
    assert one.take(reply_to(sent[2]))
    assert len(requests(one.launch(most=2))) == 1
    assert one.live == 4
    assert one.launch(most=9) == []  # the credits


def test_an_overtaken_reply_is_asked_for_once():
    one = operation()
    sent = requests(one.launch())
    assert one.overtaken() == []
    assert one.take(reply_to(sent[2]))
    places, frames = zip(*one.overtaken(), strict=True)
    assert (places, requests(frames)) == ((0, 1), sent[:2])
    assert one.take(reply_to(sent[3]))
    assert one.overtaken() == []
    assert one.take(reply_to(sent[0]))
    assert one.overtaken() == []


@pytest.mark.parametrize("change", [{"nonce": 78}, {"operation": 4}, {"fragment": 1}])
def test_a_reply_that_fits_no_request_in_flight_is_not_taken(change):
    one = operation()
    first = requests(one.launch())[0]
    assert not one.take(reply_to(first, **change))
    right = reply_to(first)
    assert not one.take(right._replace(type=FrameType.POSTERIOR | REPLY))
    assert not one.take(right._replace(sequence=251))
    assert one.take(right)


def test_hello_takes_any_nonce():
    hello = Operation(FrameType.HELLO, 9, None, 3)
    (request,) = requests(hello.launch())
    assert struct.unpack("<4I", request.payload) == (0, 9, 0, 0)
    assert hello.take(reply_to(request, b"word", nonce=1234))
    assert hello.finished
    assert hello.result == b"word"


@pytest.mark.parametrize("wrong", [{"produced": 8}, {"crc": 1}])
def test_results_other_than_the_device_says_are_damage(wrong):
    one = operation()
    request = requests(one.launch())[0]
    with pytest.raises(Damaged, match="results arrived damaged"):
        one.take(reply_to(request, b"abcd", **wrong))


def test_status_that_is_not_ok():
    request = requests(operation().launch())[0]
    for status, error, message in (
        (FrameStatus.BAD_CRC, Damaged, "message arrived damaged"),
        (FrameStatus.BAD_RECORD, Refused, "BAD_RECORD"),
        (99, Refused, "status 99"),
    ):
        one = operation()
        one.launch()
        with pytest.raises(error, match=message):
            one.take(reply_to(request, status=status))
