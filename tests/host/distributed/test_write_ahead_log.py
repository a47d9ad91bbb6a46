"""What a shard has acknowledged outlives a crash, once."""

import pytest

from consilience.distributed.write_ahead_log import Ledger
from consilience.errors import BadInput

FRAMES = [b"first", b"", b"third" * 100]


def test_acknowledged_frames_come_back_and_count_once(tmp_path):
    with Ledger(tmp_path) as ledger:
        assert list(ledger.replay(0)) == [] and ledger.incarnation == 1
        assert [ledger.accept(0, seq, data) for seq, data in enumerate(FRAMES)] == [True] * 3
        assert not ledger.accept(0, 1, FRAMES[1])
        assert ledger.accept(1, 1, b"the same seq of another epoch")
    with Ledger(tmp_path) as ledger:
        assert ledger.incarnation == 2
        assert list(ledger.replay(0)) == FRAMES
        assert not ledger.accept(0, 2, FRAMES[2])
        with pytest.raises(BadInput, match="another frame 0 of epoch 0"):
            ledger.accept(0, 0, b"other")


def test_a_record_torn_anywhere_was_never_acknowledged(tmp_path):
    with Ledger(tmp_path) as ledger:
        list(ledger.replay(0))
        ledger.accept(0, 0, FRAMES[0])
        before = (tmp_path / "frames").stat().st_size
        ledger.accept(0, 1, FRAMES[2])
    whole = (tmp_path / "frames").read_bytes()
    for length in range(before, len(whole), 7):
        (tmp_path / "frames").write_bytes(whole[:length])
        with Ledger(tmp_path) as ledger:
            assert list(ledger.replay(0)) == [FRAMES[0]]
            assert ledger.accept(0, 1, b"again")
        with Ledger(tmp_path) as ledger:
            assert list(ledger.replay(0)) == [FRAMES[0], b"again"]


def test_another_file_is_refused(tmp_path):
    (tmp_path / "frames").write_bytes(b"something else")
    with Ledger(tmp_path) as ledger, pytest.raises(BadInput, match="no log of a shard"):
        list(ledger.replay(0))


def test_damage_before_the_end_is_told_and_a_second_owner_refused(tmp_path):
    with Ledger(tmp_path) as ledger:
        list(ledger.replay(0))
        ledger.accept(0, 0, FRAMES[0])
        ledger.accept(0, 1, FRAMES[2])
        with pytest.raises(BadInput, match="another node"):
            Ledger(tmp_path)
    data = bytearray((tmp_path / "frames").read_bytes())
    data[8 + 8 + 16] ^= 1  # the first byte of the first payload
    (tmp_path / "frames").write_bytes(data)
    with Ledger(tmp_path) as ledger, pytest.raises(BadInput, match="damaged at byte 8"):
        list(ledger.replay(0))
