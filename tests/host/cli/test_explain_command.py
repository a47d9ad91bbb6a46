"""`consilience explain` as a person meets it: words, page, JSON, and every bad input."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from consilience.cli.app import main

GOOD = """agent,benign,hijacked,time,reporter,tool
mail-17,-1,-2,10:00,r1,read
mail-17,-1,-2,10:01,r1,read
bank-8,-1,-2,10:02,r2,read
bank-8,-6,-1,10:03,r3,transfer
bank-8,-1.5,-1,10:04,r2,read
"""
TWO = ["--hypotheses", "benign,hijacked"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "e.csv").write_text(GOOD)
    return tmp_path


def run(capsys, *words):
    assert main(["explain", *words]) == 0
    return capsys.readouterr()


def test_a_person_reads_which_row_moved_the_verdict(folder, capsys):
    words = ["e.csv", *TWO, "--unit", "bits", "--label-column", "tool"]
    words += ["--decide", "most-probable"]
    out = run(capsys, *words).out
    assert "Agent bank-8: hijacked with probability 0.96, from 3 rows of evidence." in out
    assert "row 4 (tool transfer, reporter r3, time 10:03)" in out
    assert "+5.00 bits  benign with probability 0.59" in out
    assert "mail-17" not in out
    assert "flagged     1" in out
    assert "▁" in out


def test_rows_are_taken_out_by_reporter(folder, capsys):
    words = ["e.csv", *TWO, "--unit", "bits", "--by", "reporter", "--decide", "most-probable"]
    out = run(capsys, *words, "--agent", "mail-17").out
    assert "reporter r1 (2 rows)   +2.00 bits  undecided (benign 0.50, hijacked 0.50)" in out
    words = ["e.csv", *TWO, "--by", "tool", "--json", "--decide", "most-probable"]
    out = run(capsys, *words, "--agent", "mail-17").out
    assert json.loads(out)["explained"][0]["moved_by"][0]["rows"] == 2


def test_labels_that_are_no_text_are_shown_as_far_as_they_are(folder, capsys):
    tool = pa.array([b"r\xff"]).cast(pa.string(), safe=False)
    pq.write_table(pa.table({"agent": [1], "a": [0.0], "b": [-1.0], "tool": tool}), "t.parquet")
    words = ["t.parquet", "--hypotheses", "a,b", "--agent", "1", "--label-column", "tool", "--json"]
    (step,) = json.loads(run(capsys, *words).out)["explained"][0]["moved_by"]
    assert step["labels"] == {"tool": "r\ufffd"}


def test_the_page_has_the_sentences_and_the_picture(folder, capsys):
    run(capsys, "e.csv", *TWO, "--out", "why.html", "--agent", "mail-17", "--agent", "bank-8")
    page = (folder / "why.html").read_text()
    assert page.count("<svg") == 2
    assert "Without row 4 (reporter r3, time 10:03)" in page
    assert page.index("Agent mail-17") < page.index("Agent bank-8")


def test_json_is_one_object_with_each_step(folder, capsys):
    words = ["e.csv", *TWO, "--unit", "bits", "--json"]
    found = json.loads(run(capsys, *words, "--decide", "most-probable").out)
    assert (found["rows"], found["agents"], found["flagged"]) == (5, 2, 1)
    (one,) = found["explained"]
    assert one["agent"] == "bank-8"
    step = one["moved_by"][0]
    assert (step["row"], step["bits"]) == (4, 5.0)
    assert step["labels"] == {"reporter": "r3", "time": "10:03"}
    assert step["without"]["decision"] == "benign"
    assert sum(step["without"]["probabilities"].values()) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("suffix", ["parquet", "npz", "csv"])
def test_formats_and_chunks_change_no_word(folder, capsys, suffix):
    rng = np.random.default_rng(2)
    columns = {
        "agent": rng.integers(0, 40, 900),
        "benign": rng.normal(-3, 2, 900),
        "hijacked": rng.normal(-3, 2, 900),
        "time": np.arange(900),
        "weight": rng.integers(0, 65_537, 900),
    }
    path = folder / f"f.{suffix}"
    if suffix == "npz":
        np.savez(path, **columns)
    elif suffix == "parquet":
        pq.write_table(pa.table(columns), path)
    else:
        lines = zip(*(map(repr, column.tolist()) for column in columns.values()), strict=True)
        path.write_text("\n".join([",".join(columns), *map(",".join, lines)]) + "\n")
    said = {
        run(capsys, path.name, "--json", "--agents", "3", "--chunk-rows", str(rows)).out
        for rows in (1_000, 17)
    }
    (text,) = said
    found = json.loads(text)
    benign = [one["probabilities"]["benign"] for one in found["explained"]]
    assert benign == sorted(benign)
    assert len(benign) == 3
    assert found["flagged"] > 3
    for one in found["explained"]:
        for step in one["moved_by"]:
            assert columns["agent"][step["row"] - 1] == one["agent"]
            assert step["labels"]["time"] == str(step["row"] - 1)


def test_nobody_flagged_is_said_and_no_failure(folder, capsys):
    (folder / "b.csv").write_text("agent,benign,hijacked\n1,-1,-2\n")
    out = run(capsys, "b.csv", "--decide", "0.7").out
    assert "flagged     0" in out
    found = json.loads(run(capsys, "b.csv", "--decide", "0.7", "--json").out)
    assert found["explained"] == []


def test_who_is_not_probable_enough_is_undecided_and_flagged_after_the_suspects(folder, capsys):
    out = run(capsys, "e.csv", *TWO, "--unit", "bits").out
    assert "Agent mail-17: undecided (benign 0.80, hijacked 0.20)" in out
    assert out.index("Agent bank-8: hijacked") < out.index("Agent mail-17")
    assert "decided by  probability 0.95 or more" in out and "flagged     2" in out


BAD = {
    "no agent": (["--agent", "bank-9", *TWO], "no agent 'bank-9' (--agent) in column 'agent'; did"),
    "nobody is benign": (["--hypotheses", "hijacked,benign", "--benign", "good"], "no hypothesis"),
    "a label that is none": ([*TWO, "--label-column", "tol"], "no column 'tol' (--label-column);"),
    "by a column that is none": ([*TWO, "--by", "tol"], "no column 'tol' (--by); did you mean"),
    "a label that is a hypothesis": ([*TWO, "--label-column", "benign"], "named twice"),
    "a cost": ([*TWO, "--cost", "miss=1"], "--cost lacks false-alarm"),
    "a prior": ([*TWO, "--prior", "1"], "--prior has 1 values for 2"),
    "no steps": ([*TWO, "--steps", "0"], "greater than or equal to 1"),
    "text for numbers": ([], "'read' is not a number; correct it, or name the right columns"),
    "a page that exists": ([*TWO, "--out", "e.csv"], "exists already; pass --force"),
    "a page nowhere": ([*TWO, "--out", "no/why.html"], "choose another path"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_with_a_cure_and_nothing_is_written(folder, capsys, case):
    options, message = BAD[case]
    before = sorted(folder.iterdir())
    assert main(["explain", "e.csv", *options]) == 2
    assert sorted(folder.iterdir()) == before
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = [line for line in captured.err.splitlines() if line.startswith("error: ")]
    assert message in line


def test_without_benign_an_agent_must_be_named(folder, capsys):
    (folder / "b.csv").write_text("agent,a,b\n1,-1,-2\n")
    assert main(["explain", "b.csv"]) == 2
    assert "name the one that all is well with --benign (a, b), or an agent" in (
        capsys.readouterr().err
    )
    assert "undecided (a 0.73, b 0.27)" in run(capsys, "b.csv", "--agent", "1").out


def test_reporters_and_times_are_no_hypotheses(folder, capsys):
    (folder / "b.csv").write_text("agent,a,b,time,reporter\n1,-1,-2,5,7\n")
    assert main(["fuse", "b.csv", "--out", "o.csv"]) == 0
    assert "note: taken for no hypotheses: reporter, time" in capsys.readouterr().err
    assert (folder / "o.csv").read_text().startswith('"agent","a","b","a_code"')
