"""The log: what was appended is there after a kill at any byte, no more, and damage is told."""

import errno
import os

import pytest

from consilience.errors import BadInput
from consilience.service.store.observation_log import ObservationLog, Record


def records(first, count):
    return [Record(first + n, n, 1, b"payload %d " % n * (n % 5)) for n in range(count)]


def opened(folder, after=0, **more):
    log = ObservationLog(folder, **more)
    return log, list(log.replay(after))


def test_a_kill_at_any_byte_leaves_a_beginning_and_what_was_synced(tmp_path):
    log, _ = opened(tmp_path)
    log.append(records(1, 3))
    (path,) = [one for _, one in log.segments()]
    synced = path.stat().st_size
    log.append(records(4, 3))
    log.close()
    whole = path.read_bytes()
    for size in range(synced, len(whole) + 1):
        path.write_bytes(whole[:size])
        again, found = opened(tmp_path)
        assert found == (records(1, 3) + records(4, 3))[: len(found)]
        assert len(found) >= 3
        again.append(records(len(found) + 1, 1))
        again.close()
        assert len(opened(tmp_path)[1]) == len(found) + 1


def test_any_flipped_bit_before_the_end_is_told_and_left(tmp_path):
    log, _ = opened(tmp_path)
    log.append(records(1, 4))
    log.close()
    (path,) = [one for _, one in log.segments()]
    whole = path.read_bytes()
    for place in range(8, len(whole) - 20):
        damaged = whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1 :]
        path.write_bytes(damaged)
        with pytest.raises(BadInput, match="damaged at byte"):
            opened(tmp_path)
        assert path.read_bytes() == damaged
    path.write_bytes(b"CNOL\x09\0\0\0" + whole[8:])
    with pytest.raises(BadInput, match="no log of a service of this version"):
        opened(tmp_path)


def test_segments_go_on_and_are_forgotten_before_a_snapshot(tmp_path):
    log, _ = opened(tmp_path, segment_bytes=100)
    for place in range(30):
        log.append(records(place + 1, 1))
    assert len(log.segments()) > 5
    log.forget(20, kept_bytes=1 << 20)
    assert log.segments()[0][0] == 1
    log.forget(20, kept_bytes=0)
    first = log.segments()[0][0]
    assert 10 < first <= 21
    log.close()
    again, found = opened(tmp_path, after=20)
    assert [one.position for one in found] == list(range(21, 31))
    again.close()
    log.segments()[1][1].unlink()
    with pytest.raises(BadInput, match="are missing; restore"):
        opened(tmp_path, after=first)


def test_a_full_disk_leaves_nothing_and_goes_on_later(tmp_path, monkeypatch):
    log, _ = opened(tmp_path)
    log.append(records(1, 1))
    write = os.pwrite

    def full(file, data, place):
        if len(data) > 10:
            return write(file, bytes(data[:10]), place)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space"):
        log.append(records(2, 2))
    monkeypatch.setattr(os, "pwrite", write)
    log.append(records(2, 1))
    log.close()
    assert opened(tmp_path)[1] == records(1, 1) + records(2, 1)


def test_after_a_failed_sync_nothing_more_is_taken(tmp_path, monkeypatch):
    log, _ = opened(tmp_path)
    sync = os.fsync

    def failing(file):
        monkeypatch.setattr(os, "fsync", sync)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="Input"):
        log.append(records(1, 1))
    with pytest.raises(OSError, match="start again"):
        log.append(records(1, 1))
