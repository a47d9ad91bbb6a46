"""Dated states on the wire."""

import struct
import zlib

import pytest

from consilience.distributed.reads.dated_state import DatedState, Echo, pack_dated_state
from consilience.distributed.state_message import StateMessage
from consilience.errors import BadInput

MESSAGE = StateMessage(4, 2, 3, 5, 6, False, False, b"state")
ECHOES = [Echo(1, 10**12, 7), Echo(0, 0, 0), Echo(2**40, 2**63, 2**32 - 1)]
DATA = pack_dated_state(123, b"".join(struct.pack("<QQI", *echo) for echo in ECHOES), MESSAGE)


def test_there_and_back():
    dated = DatedState.of(DATA)
    assert (dated.elapsed_ns, dated.shards) == (123, 3)
    assert [dated.echo(shard) for shard in (1, 2, 3)] == ECHOES
    assert dated.message == MESSAGE
    assert (dated.piece.place, dated.piece.order) == ((4, 2), (5, 6))


def test_every_flipped_bit_is_noticed():
    for place in range(len(DATA)):
        spoiled = bytearray(DATA)
        spoiled[place] ^= 1 << place % 8
        with pytest.raises(BadInput):
            DatedState.of(bytes(spoiled))


def test_what_is_no_dated_state_is_refused():
    def checked(body):
        return body + struct.pack("<I", zlib.crc32(body))

    short = struct.pack("<4sHIQ", b"CNST", 1, 1000, 0)
    cut_echo = checked(DATA[: struct.calcsize("<4sHIQ") + 3 * 20 - 4])
    parts = [DATA[:length] for length in range(len(DATA))]
    for data in (*parts, DATA + b"\0", checked(b"X" + DATA[1:-4]), checked(short), cut_echo):
        with pytest.raises(BadInput):
            DatedState.of(data)
    cut = DatedState.of(checked(DATA[:-5]))
    with pytest.raises(BadInput):
        _ = cut.piece


def test_a_state_in_pieces_is_none():
    pieces = MESSAGE.pieces(len(MESSAGE.pieces(1 << 20)[0]) - 1)
    body = struct.pack("<4sHIQ", b"CNST", 1, 0, 0) + pieces[0]
    dated = DatedState.of(body + struct.pack("<I", zlib.crc32(body)))
    with pytest.raises(BadInput, match="one piece"):
        _ = dated.message
