"""Who answers a probe: a device in its session, one that was reset, or nobody it is meant for."""

import struct

import pytest

from consilience.link.frames import FrameDecoder, LinkFrame
from consilience.link.reset_probe import DeviceReset, ResetProbe
from consilience_hw.spec.link_map import REPLY, FrameType
from consilience_sim.testing.link_oracle import crc32


def reply(nonce, number=7, sequence=9, frame_type=FrameType.HELLO):
    header = struct.pack("<6I", nonce, number, 0, 0, 4, crc32(b"data"))
    return LinkFrame(frame_type | REPLY, sequence, header + b"data")


def test_it_is_the_same_hello_each_time():
    probe = ResetProbe(7, 9, 5)
    first = probe.ask()
    assert probe.ask() == first
    (frame,) = FrameDecoder(16).feed(first)
    assert (frame.type, frame.sequence) == (FrameType.HELLO, 9)
    assert struct.unpack("<4I", frame.payload) == (0, 7, 0, 0)


def test_a_device_in_its_session_answers_each_time():
    probe = ResetProbe(7, 9, 5)
    assert not probe.take(reply(5))  # not asked yet
    for _ in range(2):
        probe.ask()
        assert probe.take(reply(5))
        assert not probe.take(reply(5))


def test_a_device_that_was_reset_tells_who_it_is():
    probe = ResetProbe(7, 9, 5)
    probe.ask()
    with pytest.raises(DeviceReset) as raised:
        probe.take(reply(6))
    assert raised.value.identity == b"data"


@pytest.mark.parametrize(
    "other", [reply(6, number=8), reply(6, sequence=8), reply(6, frame_type=FrameType.STATUS)]
)
def test_replies_to_others_are_not_taken(other):
    probe = ResetProbe(7, 9, 5)
    probe.ask()
    assert not probe.take(other)
