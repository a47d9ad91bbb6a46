"""What a shard has acknowledged outlives a crash, once."""

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
    data[8 + 8 + 16] ^= 1  # the first byte of the first payload
    (tmp_path / "frames").write_bytes(data)
    with WriteAheadLog(tmp_path) as log, pytest.raises(BadInput, match="damaged at byte 8"):
        list(log.replay(0))
