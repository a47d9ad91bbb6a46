"""COBS both ways against the oracle of the link."""

import random
from functools import cache

import pytest

from consilience_hw.link.cobs_decoder import CobsDecoder, frame_byte_layout
from consilience_hw.link.cobs_encoder import CobsEncoder
from consilience_sim.testing.link_oracle import cobs_encode
from consilience_sim.testing.stream_bench import StreamBench, bits_of, fields_of

STALLS = [(0, 0), (0.3, 0), (0, 0.4), (0.3, 0.4)]


@cache
def bench_of(unit):
    return StreamBench(unit())


def contents():
    """Return frames around everything that is special: zeros, blocks of 253, 254, 255 bytes."""
    choose = random.Random(1)
    ones = b"\x01" * 600
    frames = [b"\0", b"\0\0\0", b"\x11", b"\x11\0", b"\0\x11", b"\xff" * 3]
    for length in (253, 254, 255, 508):
        frames += [ones[:length], ones[:length] + b"\0", b"\0" + ones[:length]]
    frames.append(ones[:254] + b"\0" + ones[:254])
    for zeros in (0.02, 0.5):
        frames.append(bytes(choose.choices([0, 7], [zeros, 1 - zeros], k=300)))
    return frames


@pytest.mark.parametrize(("gaps", "stalls"), STALLS)
def test_encoder(gaps, stalls):
    layout = CobsEncoder().i.payload.shape()
    beats = []
    for content in contents():
        beats += [bits_of(layout, {"byte": byte, "end": 0}) for byte in content]
        beats.append(bits_of(layout, {"byte": 0x5A, "end": 1}))
    expected = b"".join(cobs_encode(content) + b"\0" for content in contents())
    run = bench_of(CobsEncoder).run(
        beats, len(expected), gaps=gaps, stalls=stalls, seed=5, extra_cycles=20
    )
    assert bytes(run.outputs) == expected
    if not gaps and not stalls:
        # A cycle per byte of input or output; nothing else but the first block's wait.
        assert run.produced[-1] <= len(expected) + 260


def test_encoder_of_an_empty_frame():
    layout = CobsEncoder().i.payload.shape()
    run = bench_of(CobsEncoder).run([bits_of(layout, {"byte": 0, "end": 1})] * 2, 4)
    assert bytes(run.outputs) == b"\x01\0\x01\0"


def decoded(stream, **options):
    """Return the frames that come out of a stream, as (bytes, broken)."""
    beats, frames, content = list(stream), [], b""
    # Every frame's last byte makes a beat, so the beats of a stream are counted by its frames.
    run = bench_of(CobsDecoder).run(beats, options.pop("outputs"), extra_cycles=10, **options)
    for bits in run.outputs:
        beat = fields_of(frame_byte_layout(), bits)
        if beat.end:
            frames.append((content, bool(beat.broken)))
            content = b""
        else:
            content += bytes([beat.byte])
    assert content == b""
    return frames


@pytest.mark.parametrize(("gaps", "stalls"), STALLS)
def test_decoder(gaps, stalls):
    stream = b"\0\0" + b"\0".join(cobs_encode(content) + b"\0" for content in contents())
    frames = decoded(
        stream,
        outputs=sum(len(content) + 1 for content in contents()),
        gaps=gaps,
        stalls=stalls,
        seed=6,
    )
    assert frames == [(content, False) for content in contents()]


def test_decoder_of_broken_frames():
    stream = b"\x05\x11\x12\0" + b"\x02\x11\x09\0" + b"\x02\x31\0"
    assert decoded(stream, outputs=8) == [
        (b"\x11\x12", True),
        (b"\x11\0", True),
        (b"\x31", False),
    ]
