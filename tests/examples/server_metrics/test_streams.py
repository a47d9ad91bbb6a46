"""Folders and archives of streams: read as they are, or refused with the cure."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from consilience.errors import BadInput
from examples.server_metrics.streams import Stream, read_streams

GOOD = "timestamp,value\n2026-01-01 00:00:00,1.5\n2026-01-01 00:05:00,2\n"


def test_bundled(bundled: dict[str, Stream]) -> None:
    streams = list(bundled.values())
    assert len(streams) == 34
    assert sum(len(one.values) for one in streams) == 228_257
    assert [one.name for one in streams] == sorted(one.name for one in streams)
    assert not any(one.missing for one in streams)


def test_folder_and_archive_are_one(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "deep").mkdir(parents=True)
    (folder / "b.csv").write_text(GOOD)
    (folder / "deep" / "a.csv").write_text("\ufeffvalue, Timestamp ,x\r\n,,7\r\n3,1767225600,8\r\n")
    (folder / "note.txt").write_text("no stream")
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tar:
        tar.add(folder, arcname=".")
    for path in (folder, tmp_path / "a.tar.gz"):
        b, a = read_streams(path)
        assert (b.name, a.name) == ("b.csv", "deep/a.csv")
        assert b.texts == [("2026-01-01 00:00:00", "1.5"), ("2026-01-01 00:05:00", "2")]
        assert b.values.tolist() == [1.5, 2.0]
        assert b.seconds.tolist() == [1767225600, 1767225900]
        assert a.missing == 1
        assert np.isnan(a.values[0])
        assert a.seconds.tolist() == [-1, 1767225600]


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("", "line 1 does not name"),
        ("time,value\n1,2\n", "line 1 does not name"),
        ("timestamp,value\n", "no rows"),
        (GOOD + "2026-01-01 00:10:00\n", "line 4: 1 fields, not 2"),
        (GOOD + "2026-01-01 00:10:00,high\n", "line 4: 'high' is no finite number"),
        (GOOD + "2026-01-01 00:10:00,inf\n", "line 4: 'inf' is no finite number"),
        (GOOD + "yesterday,3\n", "line 4: 'yesterday' is no timestamp"),
        (GOOD + "1912-01-01 00:00:00,3\n", "line 4: .* is no timestamp"),
        ('timestamp,value\n"1,2\n', "1 fields, not 2"),
        (GOOD.encode("utf-16"), "no UTF-8"),
    ],
)
def test_refused_files(tmp_path: Path, text: str | bytes, cure: str) -> None:
    (tmp_path / "a.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadInput, match=cure):
        read_streams(tmp_path)


def test_refused_places(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no CSV file"):
        read_streams(tmp_path)
    with pytest.raises(BadInput, match="check the path"):
        read_streams(tmp_path / "none")
    (tmp_path / "x.tar").write_text("no archive")
    with pytest.raises(BadInput, match="no tar archive"):
        read_streams(tmp_path / "x.tar")
    member = tarfile.TarInfo("../a.csv")
    member.size = len(GOOD)
    with tarfile.open(tmp_path / "out.tar", "w") as tar:
        tar.addfile(member, io.BytesIO(GOOD.encode()))
    with pytest.raises(BadInput, match="leads out"):
        read_streams(tmp_path / "out.tar")
