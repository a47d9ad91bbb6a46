"""Outputs that cannot be written: one line that names what the user named, and nothing stays."""

import resource

import numpy as np
import pytest

from consilience.cli.app import main

LIMIT = 100_000
"""Bytes of a file, in place of a full disk."""
TOO_LARGE = "File too large; raise the limit of a file's size (ulimit -f)"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def full(folder):
    """A folder with evidence, in which no file may be longer than the limit."""
    values = np.random.default_rng(1).normal(-3, 2, (20_000, 2))
    np.savez(folder / "e.npz", agent=np.arange(20_000), a=values[:, 0], b=values[:, 1])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, before[1]))
    yield folder
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def error_of(capsys):
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    return line


@pytest.mark.parametrize("suffix", [".csv", ".npz", ".parquet"])
def test_a_full_disk_was_told_without_the_name_of_the_file(full, capsys, suffix):
    assert main(["fuse", "e.npz", "--out", f"o{suffix}"]) == 1
    assert error_of(capsys) == f"error: o{suffix}: {TOO_LARGE}"
    assert [path.name for path in full.iterdir()] == ["e.npz"]


def test_a_full_disk_of_temporary_files_was_told_without_their_folder(full, capsys):
    (full / "spill").mkdir()
    words = ["fuse", "e.npz", "--out", "o.csv", "--spill-dir", "spill"]
    assert main([*words, "--chunk-rows", "1000", "--bucket-rows", "1000"]) == 1
    assert error_of(capsys) == f"error: spill: {TOO_LARGE}"
    assert sorted(path.name for path in full.iterdir()) == ["e.npz", "spill"]


NODE = ["node", "e.csv", "--shard", "1/1"]
UNWRITABLE = {
    "keys": (["keys", "agent-1", "--out", "{}"], "cannot be made", "--out"),
    "build": (["build", "icebreaker", "--out", "{}"], "cannot be made", "--out"),
    "export": (["export", "--lanes", "1", "--out", "{}"], "cannot be made", "--out"),
    "node": ([*NODE, "--log", "{}"], "cannot hold a log", "--log"),
    "fuse": (["fuse", "e.csv", "--out", "{}/o.csv"], "cannot be written", "path"),
    "spill": (["fuse", "e.csv", "--out", "o.csv", "--spill-dir", "{}"], "no such", "--spill-dir"),
}


@pytest.mark.parametrize("out", ["/dev/full", "link", "file", "file/below", "x" * 300])
@pytest.mark.parametrize("case", UNWRITABLE)
def test_a_device_or_a_file_in_place_of_a_folder_was_no_wrong_input(folder, capsys, case, out):
    (folder / "e.csv").write_text("agent,a,b\n1,-1,-2\n")
    (folder / "file").touch()
    (folder / "link").symlink_to("/dev/full")
    before = sorted(folder.iterdir())
    words, message, cure = UNWRITABLE[case]
    assert main([word.format(out) for word in words]) == 2
    line = error_of(capsys)
    assert line.startswith(f"error: {out}")
    if case not in ("spill", "keys") or "File name too long" not in line:
        assert message in line
        assert f"another {cure}" in line
    assert sorted(folder.iterdir()) == before
