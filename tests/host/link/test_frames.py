"""Frames: round trips, damage, resynchronisation, bounded memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consilience.link.frames import FrameDecoder, LinkFrame, encode_frame
from consilience_sim.testing import link_oracle
from consilience_sim.testing.link_oracle import cobs_encode, sealed

payloads = st.integers(4, 256).flatmap(
    lambda words: st.one_of(
        st.binary(min_size=4 * words, max_size=4 * words),
        st.sampled_from([bytes(4 * words), b"\1" * 4 * words]),
    )
)
frames = st.builds(LinkFrame, st.integers(0, 255), st.integers(0, 255), payloads)


def encoded(frame):
    return encode_frame(*frame)


def drops(decoder):
    return {
        name: value
        for name in ("bad_cobs", "bad_length", "runts", "bad_crc")
        if (value := getattr(decoder, name))
    }


@given(st.lists(frames, max_size=4), st.integers(1, 400))
def test_round_trip_in_pieces_of_any_size(sent, size):
    stream = b"".join(map(encoded, sent))
    assert link_oracle.frames_of(stream) == sent
    assert stream == b"".join(link_oracle.encode_frame(link_oracle.Frame(*one)) for one in sent)
    decoder = FrameDecoder(16)
    received = []
    for start in range(0, len(stream), size):
        received += decoder.feed(stream[start : start + size])
    assert received == sent
    assert not drops(decoder)


@given(frames, st.data())
def test_a_damaged_frame_is_dropped_and_the_next_one_taken(frame, data):
    good = encoded(frame)
    place = data.draw(st.integers(0, len(good) - 2))
    damaged = bytearray(good)
    damaged[place] ^= data.draw(st.integers(1, 255))
    decoder = FrameDecoder(16)
    assert decoder.feed(bytes(damaged) + good) == [frame]
    # A byte that became zero makes two frames of it.
    assert 1 <= decoder.bad_framing + decoder.bad_crc <= 2


@given(st.binary(max_size=3000), frames)
def test_a_zero_resynchronises_after_anything(noise, frame):
    decoder = FrameDecoder(16)
    decoder.feed(noise)
    assert decoder.feed(b"\0" + encoded(frame))[-1] == frame


def content(payload):
    return sealed(b"\x10\x20" + payload)


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"", {}),
        (b"\0\0\0", {}),
        (b"\x01", {"runts": 1}),
        (b"\x05abc", {"bad_cobs": 1}),
        (cobs_encode(content(bytes(12))), {"runts": 1}),
        (cobs_encode(content(bytes(17))), {"bad_length": 1}),
        (cobs_encode(content(bytes(1412))), {"bad_length": 1}),
        (cobs_encode(content(b"a" * 1412)), {"bad_length": 1}),
        (b"a" * 5000, {"bad_length": 1}),
        (cobs_encode(content(bytes(16))[:-1] + b"x"), {"bad_crc": 1}),
    ],
)
def test_each_drop_counts_once_under_its_cause(stream, expected):
    whole, in_bytes = FrameDecoder(16), FrameDecoder(16)
    assert whole.feed(stream + b"\0") == []
    for byte in stream + b"\0":
        assert in_bytes.feed(bytes([byte])) == []
    assert drops(whole) == drops(in_bytes) == expected


def test_the_longest_frames_are_taken():
    for payload in (bytes(1408), b"a" * 1408):
        frame = LinkFrame(0x90, 255, payload)
        assert FrameDecoder(16).feed(encoded(frame)) == [frame]
        assert FrameDecoder(16, 1404).feed(encoded(frame)) == []


def test_a_longer_cobs_encoding_of_the_longest_frame_is_taken():
    """Any encoding that decodes is as good as the shortest."""
    longest = content(b"a" * 1408)
    blocks = [longest[start : start + 254] for start in range(0, len(longest), 254)]
    stream = b"".join(bytes([len(block) + 1]) + block for block in blocks) + b"\0"
    assert len(FrameDecoder(16).feed(stream)) == 1


def test_memory_is_bounded_while_no_zero_comes():
    decoder = FrameDecoder(16)
    for _ in range(100):
        decoder.feed(b"a" * 1000)
        assert len(decoder._begun) < 1500
    assert decoder.feed(b"\0") == []
    assert drops(decoder) == {"bad_length": 1}


def test_reset_forgets_a_frame_that_has_begun():
    frame = LinkFrame(1, 2, bytes(16))
    decoder = FrameDecoder(16)
    decoder.feed(encoded(frame)[:10])
    decoder.reset()
    assert decoder.feed(encoded(frame)) == [frame]
    assert not drops(decoder)
