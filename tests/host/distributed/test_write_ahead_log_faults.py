"""The log on a disk that fails, fault by fault; `make crash` tries all of them together."""

from random import Random

import pytest

from consilience.distributed import write_ahead_log
from consilience.distributed.write_ahead_log import WriteAheadLog
from consilience.evidence import record_file
from tests.campaigns.crash.disk import Disk
from tests.campaigns.crash.faulty_disk import FAULTS, FaultyDisk
from tests.campaigns.crash.folders import laid_out
from tests.campaigns.crash.states import states

FIRST, SECOND, THIRD = b"first", b"second" * 20, b"third"


def lived(disk, process, interrupt=None):
    """Let a process use the log of a disk; it ends without closing anything."""
    with laid_out(disk.tree()) as folder, FaultyDisk(folder, disk, interrupt=interrupt) as faulty:
        log = WriteAheadLog(folder / "state" / "log")
        process(log, faulty)


def after_power_loss(disk):
    """Return the different replays of what the disk may hold then, in order, the least first."""
    held = []
    for state in [one for one in states(disk, Random(1)) if one.in_order]:
        with laid_out(state.tree) as folder, WriteAheadLog(folder / "state" / "log") as log:
            replayed = list(log.replay(0))
        if replayed not in held:
            held.append(replayed)
    return held


def failing(faulty, kind, fault, after=1):
    """Let a call fail, `after` calls from now."""
    faulty.plan[faulty.calls + after] = FAULTS[kind].index(fault) / len(FAULTS[kind])


def test_an_acknowledged_frame_is_there_after_every_crash():
    disk = Disk()

    def process(log, faulty):
        list(log.replay(0))
        assert log.accept(0, 0, FIRST) and log.accept(0, 1, SECOND)

    lived(disk, process)
    assert after_power_loss(disk) == [[FIRST, SECOND]]


def test_folders_made_above_the_log_could_vanish_with_it():
    """Only the log's own folder and the one above were synced; "state" is made, too."""
    disk = Disk()
    lived(disk, lambda log, faulty: log.accept(0, 0, FIRST))
    least = next(states(disk, Random(1)))
    assert "state/log/frames" in least.tree


def test_folders_that_a_killed_process_made_could_vanish_with_the_log_of_the_next():
    disk = Disk.holding({"state": None})
    disk.nodes[0].base.clear()  # the folder is there, its name not yet on the disk
    disk.nodes[0].changes.append((("state", 1),))
    lived(disk, lambda log, faulty: log.accept(0, 0, FIRST))
    assert "state/log/frames" in next(states(disk, Random(1))).tree


def test_a_frame_left_in_memory_by_a_killed_process_is_synced_before_it_counts():
    disk = Disk()

    def killed(log, faulty):
        list(log.replay(0))
        failing(faulty, "write", "interrupted after it")
        log._frames._roll_back = lambda: None  # it is no more
        with pytest.raises(KeyboardInterrupt):
            log.accept(0, 0, FIRST)

    def next_one(log, faulty):
        assert list(log.replay(0)) == [FIRST] and not log.accept(0, 0, FIRST)

    lived(disk, killed)
    lived(disk, next_one)
    assert after_power_loss(disk) == [[FIRST]]


def test_what_a_failed_sync_left_in_memory_was_taken_for_written():
    """The next process found the frame, synced, and acknowledged it; it was never on the disk."""
    disk = Disk()

    def dying(log, faulty):
        list(log.replay(0))
        faulty.dead_from = faulty.calls + 2  # written, and then nothing
        with pytest.raises(OSError):
            log.accept(0, 0, FIRST)

    def next_one(log, faulty):
        assert list(log.replay(0)) == [FIRST] and not log.accept(0, 0, FIRST)

    lived(disk, dying)
    assert after_power_loss(disk) == [[], [FIRST]]
    lived(disk, next_one)
    assert after_power_loss(disk) == [[FIRST]]


def test_the_magic_of_a_failed_sync_was_taken_for_written():
    disk = Disk()

    def dying(log, faulty):
        faulty.dead_from = faulty.calls + 2  # the magic is written again, and not synced
        with pytest.raises(OSError):
            list(log.replay(0))

    lived(disk, dying)
    lived(disk, lambda log, faulty: list(log.replay(0)) or log.accept(0, 0, FIRST))
    assert after_power_loss(disk) == [[FIRST]]


@pytest.mark.parametrize("fault", ["no space", "I/O error", "some bytes, then no space"])
def test_a_record_that_could_not_be_written_whole_is_rolled_back(fault):
    disk = Disk()

    def process(log, faulty):
        list(log.replay(0))
        failing(faulty, "write", fault)
        with pytest.raises(OSError):
            log.accept(0, 0, SECOND)
        assert log.accept(0, 1, FIRST)

    lived(disk, process)
    assert after_power_loss(disk) == [[FIRST]]


LINES = frozenset({write_ahead_log.__file__, record_file.__file__})


def lines_of(append):
    """Return which lines of the module, counted as they run, belong to `append`."""
    ran = []

    def counting(log, faulty):
        list(log.replay(0))
        ran.append(faulty.lines)
        append(log, faulty)
        ran.append(faulty.lines)

    lived(Disk(), counting, (LINES, 10**9))
    return range(ran[0] + 1, ran[1] + 1)


def appending(log, _):
    log.accept(0, 0, SECOND)


def test_an_interruption_between_write_and_sync_left_a_record_behind():
    """Ctrl-C before each line of it; then other frames, of other lengths, on a disk that fills."""

    def process(log, faulty):
        list(log.replay(0))
        with pytest.raises(KeyboardInterrupt):
            appending(log, faulty)
        assert log.accept(0, 1, FIRST)
        failing(faulty, "write", "some bytes, then no space")
        with pytest.raises(OSError):
            log.accept(0, 2, THIRD)
        assert log.accept(0, 2, THIRD)
        log.accept(0, 0, SECOND)

    for line in lines_of(appending):
        disk = Disk()
        lived(disk, process, (LINES, line))
        (held,) = after_power_loss(disk)
        assert sorted(held) == [FIRST, SECOND, THIRD], line


def on_a_full_disk(log, faulty):
    """Offer a record of which some bytes can be written."""
    failing(faulty, "write", "some bytes, then no space")
    with pytest.raises((OSError, KeyboardInterrupt)):
        log.accept(0, 0, SECOND)
    faulty.plan.clear()


def test_what_an_interrupted_rollback_leaves_is_undone_before_the_next_record():
    """Ctrl-C before each line of it: the log is closed, or goes on as if nothing had been."""

    def process(log, faulty):
        list(log.replay(0))
        on_a_full_disk(log, faulty)
        if not log._frames.is_open:
            log = WriteAheadLog(log._directory)
            list(log.replay(0))
        assert log.accept(0, 1, FIRST)

    for line in lines_of(on_a_full_disk):
        disk = Disk()
        lived(disk, process, (LINES, line))
        assert after_power_loss(disk) == [[FIRST]], line


def test_what_was_resent_after_an_interruption_is_replayed_once():
    """Synced, and interrupted before it was noted: the file may have it twice."""
    twice = 0

    def process(log, faulty):
        list(log.replay(0))
        with pytest.raises(KeyboardInterrupt):
            appending(log, faulty)
        appending(log, faulty)

    for line in lines_of(appending):
        disk = Disk()
        lived(disk, process, (LINES, line))
        twice += disk.tree()["state/log/frames"][0].count(SECOND) - 1
        assert after_power_loss(disk) == [[SECOND]], line
    assert twice
