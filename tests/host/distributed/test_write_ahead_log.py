"""What a shard has acknowledged outlives a crash, once."""

import os

import pytest

from consilience.distributed.write_ahead_log import WriteAheadLog
from consilience.errors import BadInput

FRAMES = [b"first", b"", b"third" * 100]


def test_acknowledged_frames_come_back_and_count_once(tmp_path):
    with WriteAheadLog(tmp_path) as log:
        assert list(log.replay(0)) == [] and log.incarnation == 1
        assert [log.accept(0, seq, data) for seq, data in enumerate(FRAMES)] == [True] * 3
        assert not log.accept(0, 1, FRAMES[1])
        assert log.accept(1, 1, b"the same seq of another epoch")
    with WriteAheadLog(tmp_path) as log:
        assert log.incarnation == 2
        assert list(log.replay(0)) == FRAMES
        assert not log.accept(0, 2, FRAMES[2])
        with pytest.raises(BadInput, match="another frame 0 of epoch 0"):
            log.accept(0, 0, b"other")


def test_a_record_torn_anywhere_was_never_acknowledged(tmp_path):
    with WriteAheadLog(tmp_path) as log:
        list(log.replay(0))
        log.accept(0, 0, FRAMES[0])
        before = (tmp_path / "frames").stat().st_size
        log.accept(0, 1, FRAMES[2])
    whole = (tmp_path / "frames").read_bytes()
    for length in range(before, len(whole), 7):
        (tmp_path / "frames").write_bytes(whole[:length])
        with WriteAheadLog(tmp_path) as log:
            assert list(log.replay(0)) == [FRAMES[0]]
            assert log.accept(0, 1, b"again")
        with WriteAheadLog(tmp_path) as log:
            assert list(log.replay(0)) == [FRAMES[0], b"again"]


def test_another_file_is_refused(tmp_path):
    (tmp_path / "frames").write_bytes(b"something else")
    with WriteAheadLog(tmp_path) as log, pytest.raises(BadInput, match="no log of a shard"):
        list(log.replay(0))


def test_damage_before_the_end_is_told_and_a_second_owner_refused(tmp_path):
    with WriteAheadLog(tmp_path) as log:
        list(log.replay(0))
        log.accept(0, 0, FRAMES[0])
        log.accept(0, 1, FRAMES[2])
        with pytest.raises(BadInput, match="another node"):
            WriteAheadLog(tmp_path)
    data = bytearray((tmp_path / "frames").read_bytes())
    data[8 + 12 + 16] ^= 1  # the first byte of the first payload
    (tmp_path / "frames").write_bytes(data)
    with WriteAheadLog(tmp_path) as log, pytest.raises(BadInput, match="damaged at byte 8"):
        list(log.replay(0))


def written(folder, count):
    """Return the bytes of a log of `count` frames, and where each begins."""
    places = []
    with WriteAheadLog(folder) as log:
        for seq in range(count):
            places.append((folder / "frames").stat().st_size)
            assert log.accept(0, seq, b"frame %d" % seq)
    return (folder / "frames").read_bytes(), places


def test_a_flipped_bit_of_a_length_read_as_a_torn_end_and_cut_the_file(tmp_path, monkeypatch):
    """Every bit of every record: an error that names the byte, and the file stays as it is."""
    monkeypatch.setattr(os, "fsync", lambda file: None)  # a thousand openings
    data, places = written(tmp_path, 4)
    for place in range(places[0], len(data)):
        for bit in range(8):
            damaged = bytearray(data)
            damaged[place] ^= 1 << bit
            (tmp_path / "frames").write_bytes(damaged)
            first = max(one for one in places if one <= place)
            with (
                WriteAheadLog(tmp_path) as log,
                pytest.raises(BadInput, match=f"damaged at byte {first};"),
            ):
                list(log.replay(0))
            assert (tmp_path / "frames").read_bytes() == damaged


@pytest.mark.parametrize("zeros", [1, 8, 11, 12, 4096])
def test_zeros_at_the_end_were_a_traceback(tmp_path, zeros):
    """Fewer than a header: a torn end. More: damage, in words."""
    data, _ = written(tmp_path, 3)
    (tmp_path / "frames").write_bytes(data + bytes(zeros))
    with WriteAheadLog(tmp_path) as log:
        if zeros < 12:
            assert len(list(log.replay(0))) == 3
        else:
            with pytest.raises(BadInput, match=f"damaged at byte {len(data)};"):
                list(log.replay(0))


def test_a_record_that_is_there_twice_was_replayed_twice(tmp_path):
    data, places = written(tmp_path, 3)
    (tmp_path / "frames").write_bytes(data + data[places[1] : places[2]])
    with WriteAheadLog(tmp_path) as log:
        assert list(log.replay(0)) == [b"frame 0", b"frame 1", b"frame 2"]
        assert list(log.replay(0)) == [b"frame 0", b"frame 1", b"frame 2"]
        assert log.frames(0) == 3


@pytest.mark.parametrize("content", ["", "seven", "1.5"])
def test_an_incarnation_that_is_no_number_was_a_bare_valueerror(tmp_path, content):
    written(tmp_path, 1)
    (tmp_path / "incarnation").write_text(content)
    with pytest.raises(BadInput, match="holds no number; restore it"):
        WriteAheadLog(tmp_path)


def test_a_log_of_version_1_is_refused_in_words(tmp_path):
    (tmp_path / "frames").write_bytes(b"CNLG\1\0\0\0" + bytes(20))
    refused = pytest.raises(BadInput, match="no log of a shard of this version")
    with WriteAheadLog(tmp_path) as log, refused:
        list(log.replay(0))
