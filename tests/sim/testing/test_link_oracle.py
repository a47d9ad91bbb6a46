"""The oracle of the link against the COBS package, bytes written by hand, and a CRC bit by bit."""

import random

import pytest
from cobs import cobs
from hypothesis import given
from hypothesis import strategies as st

from consilience_sim.testing.link_oracle import (
    Frame,
    WrongCrc,
    WrongFraming,
    cobs_decode,
    cobs_encode,
    crc32,
    encode_frame,
    frame_of,
    frames_of,
    packed,
    request_frame,
    sealed,
    unpacked,
)

runs = st.sampled_from([0, 1, 2, 253, 254, 255, 508, 600]).map(lambda length: b"\x07" * length)
contents = st.one_of(st.binary(max_size=600), st.lists(runs, max_size=4).map(b"\0".join))


@given(contents)
def test_cobs_is_that_of_the_package(content):
    encoded = cobs_encode(content)
    assert encoded == cobs.encode(content)
    assert 0 not in encoded
    assert cobs_decode(encoded) == content


@pytest.mark.parametrize(
    ("content", "encoded"),
    [
        (b"", b"\x01"),
        (b"\0", b"\x01\x01"),
        (b"\x11\x22\0\x33", b"\x03\x11\x22\x02\x33"),
        (b"\x11" * 254, b"\xff" + b"\x11" * 254),
        (b"\x11" * 254 + b"\0", b"\xff" + b"\x11" * 254 + b"\x01\x01"),
    ],
)
def test_cobs_by_hand(content, encoded):
    assert (cobs_encode(content), cobs_decode(encoded)) == (encoded, content)


@pytest.mark.parametrize("encoded", [b"\x05\x11", b"\x02", b"\x02\x11\0\x02\x11"])
def test_cobs_that_is_none(encoded):
    with pytest.raises(WrongFraming):
        cobs_decode(encoded)


def test_the_crc_is_iso_hdlc():
    def by_bits(data):
        crc = 0xFFFF_FFFF
        for byte in data:
            crc ^= byte
            for _ in range(8):
                crc = crc >> 1 ^ (0xEDB8_8320 if crc & 1 else 0)
        return crc ^ 0xFFFF_FFFF

    assert crc32(b"123456789") == by_bits(b"123456789") == 0xCBF4_3926
    data = random.Random(1).randbytes(99)
    assert crc32(data) == by_bits(data) == crc32(data[40:], crc32(data[:40]))
    assert sealed(data) == data + by_bits(data).to_bytes(4, "little")
    assert sealed(data, flip=5) == data + (by_bits(data) ^ 5).to_bytes(4, "little")


def test_frames_there_and_back():
    sent = [Frame(0x10, 255, packed([-1, 2])), Frame(0x91, 0, b"")]
    assert sent[0].words == unpacked(b"\xff\xff\xff\xff\x02\0\0\0") == (0xFFFF_FFFF, 2)
    assert frames_of(b"\0\0" + b"\0".join(map(encode_frame, sent))) == sent
    request = request_frame(0x12, 256 + 3, 7, -1, b"data", 5, 6)
    assert frames_of(request) == [Frame(0x12, 3, packed([7, -1, 5, 6]) + b"data")]


def test_damaged_frames():
    good = encode_frame(Frame(1, 2, b"word"))
    with pytest.raises(WrongFraming, match="inside a frame"):
        frames_of(good[:-1])
    with pytest.raises(WrongFraming, match="too short"):
        frame_of(cobs_encode(sealed(b"\x01")))
    with pytest.raises(WrongCrc):
        frame_of(encode_frame(Frame(1, 2, b"word"), flip=1 << 31)[:-1])
