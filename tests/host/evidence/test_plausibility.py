"""Values that were fused in silence though they are no log-likelihoods are doubted in words."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from consilience.cli.app import main

RNG = np.random.default_rng(1)
LOGS = -RNG.random((50, 2)) * 9


def table(values, names=("benign", "hijacked"), **more):
    rows = len(values)
    columns = {"agent": np.arange(rows) % 7} | dict(zip(names, np.transpose(values), strict=True))
    return columns | more


def fused(tmp_path, columns, *words):
    pq.write_table(pa.table(columns), tmp_path / "e.parquet")
    out = tmp_path / "o.csv"
    code = main(["fuse", str(tmp_path / "e.parquet"), "--out", str(out), "--json", *words])
    return code, out.exists()


DOUBTED = {
    "probabilities": (table(RNG.random((50, 2))), "are in 0 .. 1: probabilities"),
    "metrics": (
        table(RNG.random((50, 2)) * [900, 1], ("latency_ms", "error")),
        "latency_ms, error may be metrics or counts",
    ),
    "codes": (table(np.rint(LOGS * 65536)), "codes? consilience.from_codes()"),
    "integer codes": (table((LOGS * 65536).astype(np.int64)), "codes? consilience.from_codes()"),
    "weights of one": (table(LOGS, weight=np.ones(50, np.int64)), "give weights times 65536"),
}


@pytest.mark.parametrize(("columns", "doubt"), DOUBTED.values(), ids=DOUBTED)
def test_what_is_probably_something_else_was_taken_in_silence(tmp_path, capsys, columns, doubt):
    assert fused(tmp_path, columns) == (0, True)
    shown = capsys.readouterr()
    assert f"warning: {tmp_path / 'e.parquet'}: " in shown.err
    assert doubt in " ".join(shown.err.split())
    assert doubt in json.loads(shown.out)["warnings"][0]


@pytest.mark.parametrize(("columns", "doubt"), DOUBTED.values(), ids=DOUBTED)
def test_strict_makes_an_error_of_it(tmp_path, capsys, columns, doubt):
    assert fused(tmp_path, columns, "--strict") == (2, False)
    assert doubt in json.loads(capsys.readouterr().out)["error"]


@pytest.mark.parametrize(
    "columns",
    [
        table(LOGS),
        table(LOGS, weight=np.full(50, 65536)),
        table(LOGS, weight=np.full(50, 300)),
        table(np.rint(LOGS)),
        table(LOGS + 4),
        table(np.where(LOGS < -8, -np.inf, LOGS)),
        table(np.zeros((50, 2))),
        table(np.full((50, 2), -np.inf)),
    ],
)
def test_evidence_is_not_doubted(tmp_path, capsys, columns):
    assert fused(tmp_path, columns, "--strict") == (0, True)
    assert json.loads(capsys.readouterr().out)["warnings"] == []


@pytest.mark.parametrize(
    "name", ["Unnamed: 0", "__index_level_0__", "index", "level_1", "ID", "row", "row_number"]
)
def test_an_index_won_as_a_hypothesis(tmp_path, capsys, name):
    columns = table(LOGS) | {name: RNG.random(50)}
    assert fused(tmp_path, columns) == (2, False)
    assert f"column {name!r} would be a hypothesis" in capsys.readouterr().err
    assert fused(tmp_path, columns, "--hypotheses", f"benign,{name}") == (0, True)


@pytest.mark.parametrize("first", [0, 1])
def test_a_counter_won_as_a_hypothesis(tmp_path, capsys, first):
    columns = table(LOGS) | {"n": np.arange(50) + first}
    assert fused(tmp_path, columns) == (2, False)
    assert "column 'n' would be a hypothesis" in capsys.readouterr().err


def test_a_column_that_counts_is_a_hypothesis_where_it_is_named(tmp_path):
    columns = table(LOGS) | {"hijacked": -np.arange(50.0), "benign": np.arange(50.0)}
    assert fused(tmp_path, columns)[0] == 2
    assert fused(tmp_path, columns, "--hypotheses", "benign,hijacked") == (0, True)


@pytest.mark.parametrize("index", ["__index_level_0__", "when", "agent"])
def test_the_index_of_a_data_frame_is_no_hypothesis(tmp_path, capsys, index):
    """As pandas writes it: the index is a column, and the metadata names it."""
    columns = table(LOGS)
    if index != "agent":
        columns[index] = RNG.random(50)
    written = pa.table(columns)
    described = {"index_columns": [index], "columns": [], "column_indexes": []}
    metadata = {b"pandas": json.dumps(described).encode()}
    pq.write_table(written.replace_schema_metadata(metadata), tmp_path / "e.parquet")
    words = ["fuse", str(tmp_path / "e.parquet"), "--out", str(tmp_path / "o.csv"), "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["hypotheses"] == ["benign", "hijacked"]
