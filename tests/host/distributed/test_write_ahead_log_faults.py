"""The log on a disk that fails: short writes, no space, failed syncs, and crashes between calls.

A disk keeps what was synced, and any prefix of what was written since. Whatever happens, and
wherever: a restart has every acknowledged frame, none that was not offered, each once.
"""

import errno
import os
import random
from collections import Counter

import pytest

from consilience.distributed import write_ahead_log
from consilience.distributed.write_ahead_log import WriteAheadLog


class Crash(BaseException):
    """The machine stops here."""


class FaultyDisk:
    """`os`, with faults at chosen calls of write, fsync and ftruncate; all other calls pass.

    Parameters
    ----------
    plan : dict of int to str
        Number of the call: what becomes of it.
    synced : dict of int to int
        By inode, how much of a file is on the disk; syncing is only noted.
    """

    def __init__(self, plan, synced):
        self.plan, self.calls, self.synced = plan, 0, synced

    def __getattr__(self, name):
        return getattr(os, name)

    def _fault(self):
        self.calls += 1
        fault = self.plan.get(self.calls)
        if fault == "crash":
            raise Crash
        return fault

    def write(self, file, data):
        fault = self._fault()
        if fault == "no space":
            raise OSError(errno.ENOSPC, "No space left on device")
        if fault == "some, then no space":
            self.plan[self.calls + 1] = "no space"
            return os.write(file, data[: len(data) // 2])
        if fault == "torn":
            os.write(file, data[: len(data) // 2])
            raise Crash
        return os.write(file, data[:3] if fault == "short" else data)

    def fsync(self, file):
        if self._fault() == "no sync":
            raise OSError(errno.EIO, "Input/output error")
        self.synced[os.fstat(file).st_ino] = os.fstat(file).st_size

    def ftruncate(self, file, length):
        if self._fault() == "no truncate":
            raise OSError(errno.EIO, "Input/output error")
        os.ftruncate(file, length)
        inode = os.fstat(file).st_ino
        self.synced[inode] = min(self.synced.get(inode, 0), length)

    def lose(self, path, rng):
        """Keep what was synced, and some of the rest."""
        data = path.read_bytes()
        kept = min(self.synced.get(path.stat().st_ino, 0), len(data))
        with path.open("r+b") as file:
            file.truncate(rng.randint(kept, len(data)))


FAULTS = ["crash", "no space", "some, then no space", "short", "torn", "no sync", "no truncate"]


def one_life(folder, disk, rng, acknowledged, offered):
    """Open, replay, accept until a fault ends it; frames not acknowledged are offered again."""
    log = None
    try:
        log = WriteAheadLog(folder)
        held = list(log.replay(0))
        check(held, acknowledged, offered)
        for _ in range(3):
            seq = len(acknowledged)
            data = offered.setdefault(seq, b"frame %d " % seq + rng.randbytes(rng.randrange(40)))
            try:
                log.accept(0, seq, data)
            except OSError:
                continue
            acknowledged[seq] = data
    except (Crash, OSError):
        pass
    finally:
        if log is not None:
            os.close(log._file) if log._is_open else None
            log._is_open = False


def check(held, acknowledged, offered):
    counts = Counter(held)
    assert max(counts.values(), default=1) == 1, "a frame is there twice"
    assert set(acknowledged.values()) <= counts.keys(), "an acknowledged frame is lost"
    assert counts.keys() <= set(offered.values()), "a frame was invented"


def crash_points(folder, count, seed):
    """Try `count` plans of faults; return how many of their faults happened."""
    rng = random.Random(seed)
    happened = 0
    for number in range(count):
        place = folder / str(number)
        acknowledged, offered, synced = {}, {}, {}
        for _ in range(3):
            plan = {rng.randint(1, 14): rng.choice(FAULTS) for _ in range(rng.randint(1, 3))}
            disk = FaultyDisk(plan, synced)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(write_ahead_log, "os", disk)
                one_life(place, disk, rng, acknowledged, offered)
            happened += sum(call <= disk.calls for call in plan)
            if (place / "frames").exists():
                disk.lose(place / "frames", rng)
        with WriteAheadLog(place) as log:
            check(list(log.replay(0)), acknowledged, offered)
    return happened


@pytest.mark.parametrize("seed", range(4))
def test_no_frame_is_lost_or_invented(tmp_path, seed):
    assert crash_points(tmp_path, 100, seed) > 200


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("fsync removed", lambda log: None),
        ("no rollback", lambda log: None),
    ],
)
def test_the_disk_notices_what_no_test_noticed(tmp_path, monkeypatch, name, fault):
    if name == "fsync removed":

        def append(self, data):
            write_ahead_log._write(self._file, data)
            self._end += len(data)

        monkeypatch.setattr(WriteAheadLog, "_append", append)
    else:
        monkeypatch.setattr(WriteAheadLog, "_roll_back", lambda self: None)
    with pytest.raises((AssertionError, write_ahead_log.BadInput)):
        for seed in range(20):
            crash_points(tmp_path / str(seed), 100, seed)
