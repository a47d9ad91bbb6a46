"""From file to file with reporters: every format, any chunks, one answer."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from consilience.cli.app import main

HEADER = ["agent", "decision", "leaning", "reporters", "rows"]
PAIR = [f"benign:hijacked_{end}" for end in ("low", "high", "mean", "needed")]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(8)
    rows, agents, reporters, liars = 4_000, 20, 10, 3
    agent, reporter = rng.integers(0, agents, rows), rng.integers(0, reporters, rows)
    sign = np.where(agent % 2, -1, 1) * np.where(reporter < liars, -1, 1)
    hijacked = -2 + sign * np.abs(rng.normal(0.2, 0.1, rows))
    columns = {
        "agent": agent,
        "reporter": np.array([f"r{one}" for one in reporter]),
        "benign": np.full(rows, -2.0),
        "hijacked": hijacked,
    }
    np.savez(tmp_path / "e.npz", **columns)
    pq.write_table(pa.table(columns), tmp_path / "e.parquet")
    lines = zip(*(column.tolist() for column in columns.values()), strict=True)
    text = "\n".join([",".join(columns), *(",".join(map(str, line)) for line in lines)])
    (tmp_path / "e.csv").write_text(text + "\n")
    return tmp_path


def columns_of(path):
    if path.suffix == ".npz":
        with np.load(path) as found:
            return {name: found[name].tolist() for name in found.files}
    return pq.read_table(path).to_pydict()


def test_formats_chunks_and_buckets_change_nothing(folder, capsys):
    tables, summaries = [], []
    for number, (name, chunk, bucket) in enumerate(
        [("e.npz", 10_000, 10_000), ("e.parquet", 77, 500), ("e.csv", 999, 100)]
    ):
        out = f"o{number}.parquet"
        words = ["fuse", name, "--out", out, "--faulty", "3", "--clip", "2", "--json"]
        assert main([*words, "--chunk-rows", str(chunk), "--bucket-rows", str(bucket)]) == 0
        summary = json.loads(capsys.readouterr().out)
        for varying in ("out", "seconds", "spilled_rows"):
            del summary[varying]
        summaries.append(summary)
        tables.append(columns_of(folder / out))
    assert tables[0] == tables[1] == tables[2]
    assert summaries[0] == summaries[1] == summaries[2]
    assert list(tables[0]) == [*HEADER, *PAIR]
    assert tables[0]["reporters"] == [10] * 20
    assert tables[0]["leaning"] == ["hijacked", "benign"] * 10
    found = summaries[0]["reporters"]
    assert [one["reporter"] for one in sorted(found["contradicting"], key=str)] == [
        "r0",
        "r1",
        "r2",
    ]
    assert found["clip_bits"] == 2
    assert found["faulty"] == 3


@pytest.mark.parametrize("suffix", ["csv", "npz", "parquet"])
def test_results_in_each_format(folder, capsys, suffix):
    path = folder / f"o.{suffix}"
    assert main(["fuse", "e.csv", "--out", path.name, "--faulty", "1"]) == 0
    shown = capsys.readouterr().out
    assert "may lie, of each agent" in shown
    assert "contradicts the others" in shown
    if suffix == "csv":
        header, first, *_ = path.read_text().splitlines()
        assert header == ",".join(f'"{name}"' for name in [*HEADER, *PAIR])
        assert first.startswith('0,"')
    else:
        assert list(columns_of(path)) == [*HEADER, *PAIR]


def test_the_interval_is_that_of_the_honest_whoever_lies(folder, capsys):
    """Liars say the opposite at any strength: no decision changes to another one."""
    assert main(["fuse", "e.csv", "--out", "a.parquet", "--faulty", "3"]) == 0
    text = (folder / "e.csv").read_text().splitlines()
    header, rows = text[0], [line.split(",") for line in text[1:]]
    for row in rows:
        if row[1] in ("r0", "r1", "r2"):
            row[3] = str(2 * float(row[3]) + 2)
    (folder / "f.csv").write_text("\n".join([header, *map(",".join, rows)]) + "\n")
    assert main(["fuse", "f.csv", "--out", "b.parquet", "--faulty", "3"]) == 0
    before, after = (columns_of(folder / name)["decision"] for name in ("a.parquet", "b.parquet"))
    truth = ["hijacked", "benign"] * 10
    for one, other, true in zip(before, after, truth, strict=True):
        assert {one, other} <= {"undecided", true}


def test_another_device_is_refused(folder, capsys):
    words = ["fuse", "e.csv", "--out", "o.csv", "--faulty", "1", "--device", "sim"]
    assert main(words) == 2
    assert "--faulty counts reports on the cpu, not on sim; leave --device out" in (
        capsys.readouterr().err
    )
    assert not (folder / "o.csv").exists()
