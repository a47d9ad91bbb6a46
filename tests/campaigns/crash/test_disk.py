"""The modelled disk: what a crash may leave of each call, and that no call goes unseen."""

import os
from random import Random

import pytest

from tests.campaigns.crash.disk import Disk
from tests.campaigns.crash.faulty_disk import FAULTS, FaultyDisk
from tests.campaigns.crash.folders import laid_out
from tests.campaigns.crash.states import states


def left(disk, name="file"):
    """Return the contents that a file may have after a crash; None: it is not there."""
    found = [state.tree.get(name) for state in states(disk, Random(1))]
    return {None if one is None else one[0] for one in found}


def after(process, before=None, **faults):
    """Return the disk after a process, and what it raised."""
    disk, raised = Disk.holding(before or {}), None
    with laid_out(disk.tree()) as folder, FaultyDisk(folder, disk, **faults):
        try:
            process(folder)
        except (OSError, KeyboardInterrupt) as error:
            raised = error
    return disk, raised


def written(data, *, sync=False, sync_names=False):
    def process(folder):
        file = os.open(folder / "file", os.O_WRONLY | os.O_CREAT)
        os.pwrite(file, data, 0)
        if sync:
            os.fsync(file)
        os.close(file)
        if sync_names:
            above = os.open(folder, os.O_RDONLY)
            os.fsync(above)
            os.close(above)

    return process


def test_what_was_not_synced_may_be_there_in_any_part():
    disk, _ = after(written(b"abc"))
    assert left(disk) == {None, b"", b"a", b"ab", b"abc", b"\0\0\0"}


def test_a_synced_file_may_lack_its_name_and_a_synced_name_its_content():
    assert left(after(written(b"abc", sync=True))[0]) == {None, b"abc"}
    assert left(after(written(b"abc", sync_names=True))[0]) == left(after(written(b"abc"))[0]) - {
        None
    }
    assert left(after(written(b"abc", sync=True, sync_names=True))[0]) == {b"abc"}


def test_sectors_are_written_in_any_order():
    disk, _ = after(written(b"x" * 1024, sync_names=True))
    found = left(disk)
    assert bytes(512) + b"x" * 512 in found and b"x" * 512 + bytes(512) in found


def test_a_rename_happens_as_a_whole_or_not_yet():
    def process(folder):
        written(b"new", sync=True)(folder)
        (folder / "file").replace(folder / "out")

    disk, _ = after(process, {"out": (b"old", 0o644)})
    assert left(disk, "out") == {b"old", b"new"}


def test_after_a_sync_that_failed_no_later_one_brings_it():
    def process(folder):
        file = os.open(folder / "file", os.O_WRONLY)
        os.pwrite(file, b"new", 0)
        for _ in range(2):
            try:
                os.fsync(file)
            except OSError as error:
                raised.append(error)

    raised = []
    disk, _ = after(process, {"file": (b"old", 0o644)}, plan={2: 0.0})
    assert len(raised) == 1
    assert {b"old", b"new"} <= left(disk)


@pytest.mark.parametrize("fault", FAULTS["write"])
def test_a_write_that_fails(fault):
    disk, raised = after(written(b"abcd"), plan={2: FAULTS["write"].index(fault) / 5})
    shown = {"no space": b"", "I/O error": b"", "interrupted after it": b"abcd"}.get(fault, b"ab")
    assert disk.tree()["file"][0] == shown
    assert isinstance(raised, {"interrupted after it": KeyboardInterrupt}.get(fault, OSError)) or (
        fault not in ("no space", "I/O error", "interrupted after it") and raised is None
    )


def test_a_dead_disk_fails_for_good():
    disk, raised = after(written(b"abc"), dead_from=1)
    assert isinstance(raised, OSError) and disk.tree() == {}


def test_a_change_that_is_not_recorded_is_noticed():
    with pytest.raises(AssertionError, match="a call that is not recorded"):
        after(lambda folder: os.truncate(folder / "file", 1), {"file": (b"abc", 0o644)})
