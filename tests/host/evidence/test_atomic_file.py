"""A file appears whole or not at all."""

import errno
import fcntl
import os
from pathlib import Path

import pytest

from consilience.errors import BadInput
from consilience.evidence.atomic_file import AtomicFile, write_file


def test_nothing_is_there_before_commit(tmp_path):
    path = tmp_path / "out.csv"
    with AtomicFile(path, overwrite=False) as output:
        output.file.write(b"data")
        assert not path.exists()
        output.commit()
        assert path.read_bytes() == b"data"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_nothing_stays_when_left_early(tmp_path, error):
    with pytest.raises(error), AtomicFile(tmp_path / "out.csv", overwrite=False) as output:
        output.file.write(b"data")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_existing_file_needs_overwrite_and_survives_a_failure(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("old")
    with pytest.raises(BadInput, match="exists already; pass --force"):
        AtomicFile(path, overwrite=False)
    with pytest.raises(RuntimeError), AtomicFile(path, overwrite=True):
        raise RuntimeError
    assert path.read_text() == "old"
    with AtomicFile(path, overwrite=True) as output:
        output.commit()
    assert path.read_text() == ""


def test_file_that_appears_meanwhile_is_not_replaced(tmp_path):
    path = tmp_path / "out.csv"
    with (
        pytest.raises(BadInput, match="exists already"),
        AtomicFile(path, overwrite=False) as output,
    ):
        path.write_text("another's")
        output.commit()
    assert path.read_text() == "another's"
    assert list(tmp_path.iterdir()) == [path]


def test_link_is_followed(tmp_path):
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    target.write_text("old")
    link.symlink_to(target)
    with AtomicFile(link, overwrite=True) as output:
        output.file.write(b"new")
        output.commit()
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_directory_and_missing_folder(tmp_path):
    with pytest.raises(BadInput, match="is a directory"):
        AtomicFile(tmp_path, overwrite=True)
    with pytest.raises(BadInput, match=r"cannot be written .*make the folder"):
        AtomicFile(tmp_path / "no" / "out.csv", overwrite=False)
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match=r"\(Not a directory\); choose another path$"):
        AtomicFile(tmp_path / "file" / "out.csv", overwrite=False)


def test_a_name_that_is_too_long_was_no_wrong_input(tmp_path):
    with pytest.raises(BadInput, match=r"cannot be written \(File name too long\); choose another"):
        AtomicFile(tmp_path / ("x" * 300), overwrite=True)


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failure_named_the_part_or_no_file(tmp_path, monkeypatch, call):
    def refused(*_):
        raise OSError(errno.ENOSPC, "No space left", "something.part")

    monkeypatch.setattr(*((os, call) if call == "fsync" else (Path, call)), refused)
    with pytest.raises(OSError, match="No space left") as caught:
        write_file(tmp_path / "out.html", "text")
    assert caught.value.filename == str(tmp_path / "out.html")
    assert list(tmp_path.iterdir()) == []


def test_text_and_bytes_are_written_whole(tmp_path):
    write_file(tmp_path / "one", "ä\n")
    write_file(tmp_path / "one", b"\xff")
    assert (tmp_path / "one").read_bytes() == b"\xff"
    with pytest.raises(BadInput, match="exists already"):
        write_file(tmp_path / "one", "ä", overwrite=False)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_pipe_is_not_replaced(tmp_path, overwrite):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "link.csv").symlink_to(tmp_path / "pipe.csv")
    for name in ("pipe.csv", "link.csv"):
        with pytest.raises(BadInput, match="is a device or a pipe; choose another path"):
            AtomicFile(tmp_path / name, overwrite=overwrite)
    assert (tmp_path / "pipe.csv").is_fifo()


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path):
    path = tmp_path / "out.csv"
    left = tmp_path / ".out.csv.0123abcd.part"
    others = [
        tmp_path / name
        for name in (".other.csv.0123abcd.part", ".out.csv.mine.part", "out.csv.0123abcd.part")
    ]
    for file in (left, *others):
        file.write_text("half")
    with (
        AtomicFile(path, overwrite=False) as writing,
        AtomicFile(path, overwrite=False) as second,
    ):
        assert not left.exists()
        writing.file.write(b"first")
        writing.commit()
        second.file.write(b"second")
    assert sorted(tmp_path.iterdir()) == sorted([path, *others])
    assert path.read_bytes() == b"first"


def test_a_part_that_is_taken_for_abandoned_is_opened_anew(tmp_path, monkeypatch):
    """Another process comes between its opening and its locking."""
    lock, locked = fcntl.flock, []

    def removed_first(file, how):
        if not locked:
            Path(file.name).unlink()
        locked.append(file.name)
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", removed_first)
    with AtomicFile(tmp_path / "out.csv", overwrite=False) as output:
        output.file.write(b"data")
        output.commit()
    assert len(set(locked)) == 2
    assert [file.name for file in tmp_path.iterdir()] == ["out.csv"]
