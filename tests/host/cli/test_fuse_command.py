"""`consilience fuse` as a person meets it: results, notes, and every bad input."""

import json
import re
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from consilience.cli.app import main

GOOD = "agent,benign,hijacked\nx,-1,-2\ny,-4,-1\nx,-1,-2\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def csv(text):
    return lambda path: path.write_text(text)


def npz(**columns):
    return lambda path: np.savez(path, **columns)


def parquet(**columns):
    return lambda path: pq.write_table(pa.table(columns), path)


def test_a_person_sees_decisions_and_figures(folder, capsys):
    (folder / "e.csv").write_text(GOOD)
    assert main(["fuse", "e.csv", "--out", "o.csv", "--prior", "0.9,0.1"]) == 0
    captured = capsys.readouterr()
    assert "benign       0.9       1" in captured.out
    assert "hijacked     0.1       0" in captured.out
    assert "undecided              1" in captured.out
    assert "1 agents are undecided: no hypothesis has probability 0.95 or more." in captured.err
    assert "--cost decides by what errors cost, --decide most-probable" in captured.err
    assert "probability 0.95 or more" in captured.out
    assert "written" in captured.out
    assert "error:" not in captured.err
    assert max(map(len, captured.out.splitlines())) <= 100
    header, first, *_ = (folder / "o.csv").read_text().splitlines()
    assert header == (
        '"agent","benign","hijacked","benign_code","hijacked_code","decision","rows","status"'
    )
    assert first.startswith('"x",0.98')
    assert first.endswith('"benign",2,"ok"')


def test_json_is_one_object_and_all_of_stdout(folder, capsys):
    (folder / "e.csv").write_text(GOOD)
    words = ["fuse", "e.csv", "--out", "o.npz", "--json", "--prior", "hijacked=1,benign=3"]
    words += ["--decide", "most-probable"]
    assert main(words) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["rows"] == 3
    assert summary["agents"] == 2
    assert summary["hypotheses"] == ["benign", "hijacked"]
    assert summary["prior"] == [0.75, 0.25]
    assert summary["decisions"] == {"benign": 1, "hijacked": 1, "impossible": 0}
    assert summary["out"] == "o.npz"
    assert summary["device"] == "cpu"
    with np.load(folder / "o.npz") as columns:
        assert columns["agent"].tolist() == ["x", "y"]


def test_columns_by_option(folder):
    (folder / "e.csv").write_text("note,id,w,h1,h0\nhello,5,65536,-1,-2\nthere,5,0,-9,0\n")
    words = ["fuse", "e.csv", "--out", "o.npz", "--agent-column", "id", "--hypotheses", "h0,h1"]
    words += ["--weight-column", "w", "--unit", "bits", "--chunk-rows", "1", "--bucket-rows", "1"]
    words += ["--spill-dir", ".", "--agent-type", "string"]
    words += ["--decide", "0.6"]
    assert main(words) == 0
    with np.load(folder / "o.npz") as columns:
        assert columns["id"].tolist() == ["5"]
        assert columns["decision"].tolist() == ["h1"]
        assert columns["h1"][0] == pytest.approx(2 / 3, rel=1e-4)
        assert columns["rows"].tolist() == [2]


def test_saturated_values_are_reported_and_no_error(folder, capsys):
    (folder / "e.csv").write_text("agent,a,b\n1,-1e6,0\n1,0,-1e300\n2,-inf,0\n")
    assert main(["fuse", "e.csv", "--out", "o.csv"]) == 0
    captured = capsys.readouterr()
    assert "saturated values  2" in captured.out
    assert "note: values beyond +-32768 bits, taken as the nearest code: 2" in captured.err
    assert main(["fuse", "e.csv", "--out", "o.csv", "--force", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["saturated_values"] == 2


def test_impossible_agents_have_a_line_of_their_own(folder, capsys):
    (folder / "e.csv").write_text("agent,a,b\n1,-inf,-inf\n")
    assert main(["fuse", "e.csv", "--out", "o.csv"]) == 0
    assert "impossible              1" in capsys.readouterr().out


COST = ["--cost", "false-alarm=1,miss=20,review=0.5"]


def test_costs_decide_and_are_told(folder, capsys):
    # log odds of hijacked: -2, 5 and -40 bits; a review pays above log2(0.5 / 19.5) and up to 0.
    (folder / "e.csv").write_text("agent,benign,hijacked\nx,0,-2\ny,-5,0\nz,0,-40\nw,-inf,-inf\n")
    words = ["fuse", "e.csv", "--out", "o.csv", "--unit", "bits", *COST]
    assert main([*words, "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["decisions"] == {"benign": 1, "hijacked": 1, "impossible": 1, "review": 1}
    assert summary["decided_by"] == "least cost (false-alarm=1,miss=20,review=1/2)"
    header, *rows = (folder / "o.csv").read_text().splitlines()
    assert header.endswith('"decision","rows","status","expected_cost"')
    assert [row.rsplit(",")[-4:] for row in rows] == [
        ['"impossible"', "1", '"impossible"', ""],
        ['"review"', "1", '"ok"', "0.5"],
        ['"hijacked"', "1", '"ok"', "0.030303030303"],
        ['"benign"', "1", '"ok"', rows[3].rsplit(",")[-1]],
    ]
    assert float(rows[3].rsplit(",")[-1]) == pytest.approx(20 * 2.0**-40, rel=1e-6)


def test_ties_are_told_and_go_where_they_are_told_to(folder, capsys):
    (folder / "e.csv").write_text("agent,a,b\nx,-1,-1\ny,-1,-2\n")
    words = ["fuse", "e.csv", "--out", "o.csv", "--force", "--decide", "most-probable"]
    assert main(words) == 0
    captured = capsys.readouterr()
    assert "note: agents between equals, exactly: 1, decided 'undecided' (--tie)" in captured.err
    assert "undecided" in captured.out
    assert main([*words, "--tie", "b", "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["decisions"] == {"a": 1, "b": 1, "impossible": 0}
    assert summary["ties"] == 1


@pytest.mark.parametrize("suffix", ["csv", "parquet", "npz"])
def test_rows_that_moved_a_verdict_are_named_in_every_format(folder, suffix):
    (folder / "e.csv").write_text("agent,benign,hijacked\nx,-1,-2\ny,-1,-2\nx,-6,-1\nx,-1.5,-1\n")
    words = ["fuse", "e.csv", "--unit", "bits", "--moved-by", "2"]
    words += ["--decide", "most-probable"]
    assert main([*words, "--out", "o." + suffix, "--chunk-rows", "1", "--bucket-rows", "1"]) == 0
    path = folder / f"o.{suffix}"
    if suffix == "csv":
        moved = [line.split('","')[-1].strip('"') for line in path.read_text().splitlines()[1:]]
    else:
        columns = np.load(path) if suffix == "npz" else pq.read_table(path).to_pydict()
        moved = list(columns["moved_by"])
    assert moved[0] == (
        "row 3 (+5.00 bits; without it benign 0.59); row 4 (+0.50 bits; without it hijacked 0.94)"
    )
    assert moved[1] == ""


@pytest.mark.parametrize("suffix", ["csv", "parquet", "npz"])
def test_probabilities_sum_to_1_in_every_format(folder, suffix):
    values = np.random.default_rng(4).normal(-3, 3, (300, 3))
    np.savez(folder / "e.npz", agent=np.arange(300), **dict(zip("abc", values.T, strict=True)))
    assert main(["fuse", "e.npz", "--out", f"o.{suffix}"]) == 0
    if suffix == "csv":
        lines = (folder / "o.csv").read_text().splitlines()[1:]
        printed = [line.split(",")[1:4] for line in lines]
    else:
        path = folder / f"o.{suffix}"
        columns = np.load(path) if suffix == "npz" else pq.read_table(path).to_pydict()
        printed = [[repr(float(columns[name][row])) for name in "abc"] for row in range(300)]
    sums = [sum(map(Decimal, row)) for row in printed]
    assert max(abs(one - 1) for one in sums) <= Decimal("0.5e-12")
    assert sums.count(1) > 200  # all but those with one below 1e-6


TWO = np.zeros(2)
ROW = "agent,benign,hijacked\n"
BAD = {
    "missing column": ("e.csv", csv("id,a,b\n1,0,0\n"), [], "no column 'agent' (--agent-column)"),
    "misspelt agent": ("e.csv", csv("agnet,a,b\n1,0,0\n"), [], "did you mean 'agnet'?"),
    "misspelt hypothesis": (
        "e.csv",
        csv(GOOD),
        ["--hypotheses", "benign,hijaked"],
        "did you mean 'hijacked'?",
    ),
    "misspelt weight": (
        "e.parquet",
        parquet(agent=[1], a=[0.0], b=[0.0], wieght=[1]),
        [],
        "column 'wieght' would be a hypothesis but looks like 'weight'",
    ),
    "no weight column": ("e.csv", csv(GOOD), ["--weight-column", "w"], "no column 'w'"),
    "NaN in CSV": ("e.csv", csv(ROW + "1,0,nan\n"), [], "row 1, column 'hijacked': NaN"),
    "NaN in Parquet": (
        "e.parquet",
        parquet(agent=[1, 2], a=[0.0, 1.0], b=[0.0, float("nan")]),
        [],
        "row 2, column 'b': NaN",
    ),
    "NaN in NPZ": ("e.npz", npz(agent=[1], a=[np.nan], b=[0.0]), [], "row 1, column 'a': NaN"),
    "empty cell": ("e.csv", csv(ROW + "1,0,\n"), [], "row 1, column 'hijacked': the cell is empty"),
    "null": (
        "e.parquet",
        parquet(agent=[1, 2], a=[0.0, None], b=[0.0, 0.0]),
        [],
        "row 2, column 'a': the cell is empty",
    ),
    "short row": ("e.csv", csv(GOOD + "z,1\n"), [], "row 4 (line 5): 2 cells where the header"),
    "long row": ("e.csv", csv(GOOD + "z,1,2,3\n"), [], "row 4 (line 5): 4 cells"),
    "positive infinity": ("e.csv", csv(ROW + "1,0,inf\n"), [], "'hijacked': positive infinity"),
    "text for a number": ("e.csv", csv(ROW + "1,0,low\n"), [], "'low' is not a number"),
    "column of text": (
        "e.parquet",
        parquet(agent=[1], a=["x"], b=[0.0]),
        [],
        "column 'a' holds string, not numbers",
    ),
    "array of text": (
        "e.npz",
        npz(agent=[1], a=["x"], b=[0.0]),
        [],
        "column 'a' holds string, not numbers",
    ),
    "weight too large": ("e.npz", npz(agent=[1], a=[0], b=[0], weight=[65537]), [], "weight 65537"),
    "weight negative": ("e.csv", csv("agent,a,b,weight\n1,0,0,-1\n"), [], "weight -1; give"),
    "weight fractional": ("e.csv", csv("agent,a,b,weight\n1,0,0,0.5\n"), [], "weight 0.5; give"),
    "zero bytes": ("e.csv", csv(""), [], "the file is empty (zero bytes)"),
    "no rows": ("e.csv", csv(ROW), [], "the file has no rows"),
    "unknown unit": ("e.csv", csv(GOOD), ["--unit", "dB"], "'nats', 'bits'"),
    "prior too short": ("e.csv", csv(GOOD), ["--prior", "1"], "--prior has 1 values for 2"),
    "prior too long": ("e.csv", csv(GOOD), ["--prior", "1,1,1"], "--prior has 3 values for 2"),
    "prior of zeros": ("e.csv", csv(GOOD), ["--prior", "0,0"], "cannot be normalised"),
    "prior negative": ("e.csv", csv(GOOD), ["--prior", "2,-1"], "'-1'; give a probability"),
    "prior of no number": ("e.csv", csv(GOOD), ["--prior", "a,b"], "'a'; give a probability"),
    "cost negative": (
        "e.csv",
        csv(GOOD),
        ["--cost", "false-alarm=-1,miss=2"],
        "--cost false-alarm is -1; a cost is a number from 0",
    ),
    "cost NaN": ("e.csv", csv(GOOD), ["--cost", "false-alarm=nan,miss=2"], "not finite"),
    "cost missing": ("e.csv", csv(GOOD), ["--cost", "miss=2"], "--cost lacks false-alarm; give"),
    "cost of what is unknown": ("e.csv", csv(GOOD), ["--cost", "hit=2"], "'hit=2' is none of"),
    "cost without benign": (
        "e.csv",
        csv("agent,a,b\n1,0,-1\n"),
        COST,
        "costs need the hypothesis that all is well, benign: one of a, b",
    ),
    "benign that is none": (
        "e.csv",
        csv(GOOD),
        [*COST, "--benign", "good"],
        "benign 'good' is no hypothesis; they are benign, hijacked",
    ),
    "rows that moved what nobody flags": (
        "e.csv",
        csv("agent,a,b\n1,0,-1\n"),
        ["--moved-by", "3"],
        "name the hypothesis that all is well with --benign (a, b)",
    ),
    "tie that is none": (
        "e.csv",
        csv(GOOD),
        ["--tie", "first", "--decide", "most-probable"],
        "tie 'first' is no decision",
    ),
    "tie of what is decided from a level on": (
        "e.csv",
        csv(GOOD),
        ["--tie", "benign"],
        "only what has probability 0.95 is decided; add --decide most-probable",
    ),
    "level that decides for two": ("e.csv", csv(GOOD), ["--decide", "0.5"], "above 0.5 and below"),
    "level that is none": ("e.csv", csv(GOOD), ["--decide", "sure"], "give most-probable, or the"),
    "level and cost": (
        "e.csv",
        csv(GOOD),
        ["--decide", "0.9", "--cost", "false-alarm=1,miss=1"],
        "two ways to decide; give one",
    ),
    "level with reporters": (
        "e.csv",
        csv("agent,reporter,a,b\n1,x,0,0\n"),
        ["--decide", "0.9", "--faulty", "0"],
        "--faulty makes none that holds whoever lies",
    ),
    "hypothesis named as a decision": (
        "e.csv",
        csv("agent,review,b\n1,0,-1\n"),
        [],
        "column name 'review' is taken by",
    ),
    "no reporter column": (
        "e.csv",
        csv(GOOD),
        ["--faulty", "1"],
        "no column 'reporter' (--reporter-column); the columns are",
    ),
    "another reporter column": (
        "e.csv",
        csv("agent,reporter,a,b\n1,r,0,0\n"),
        ["--faulty", "0", "--reporter-column", "reporters"],
        "no column 'reporters' (--reporter-column); did you mean 'reporter'?",
    ),
    "too few reporters": (
        "e.csv",
        csv("agent,reporter,a,b\nx,r1,0,0\ny,r1,0,0\nx,r2,0,0\nx,r3,0,0\nx,r4,0,0\ny,r1,0,0\n"),
        ["--faulty", "1"],
        "agent 'y' has 1 reporters, and --faulty 1 needs 4 or more (n > 3 f) of each; lower",
    ),
    "a reporter that is missing": (
        "e.csv",
        csv("agent,reporter,a,b\nx,r1,0,0\nx,,0,0\n"),
        ["--faulty", "0"],
        "row 2, column 'reporter': no reporter; every row needs one",
    ),
    "reporters of floats": (
        "e.parquet",
        parquet(agent=[1], reporter=[1.5], a=[0.0], b=[0.0]),
        ["--faulty", "0"],
        "column 'reporter' holds double; reporters are integers or text",
    ),
    "a reporter without a name": (
        "e.npz",
        npz(agent=[1, 1], reporter=np.array(["r", ""]), a=TWO, b=TWO),
        ["--faulty", "0"],
        "row 2, column 'reporter': no reporter",
    ),
    "reporters that are no text": (
        "e.parquet",
        parquet(
            agent=[1],
            reporter=pa.array([b"r\xff"]).cast(pa.string(), safe=False),
            a=[0.0],
            b=[0.0],
        ),
        ["--faulty", "0"],
        "column 'reporter' holds text that is not UTF-8",
    ),
    "faulty negative": ("e.csv", csv(GOOD), ["--faulty", "-1"], "--faulty"),
    "a reporter column for nothing": (
        "e.csv",
        csv(GOOD),
        ["--reporter-column", "r"],
        "--reporter-column and --clip are for --faulty F; give it, 0 if none lies",
    ),
    "a clip that is none": (
        "e.csv",
        csv("agent,reporter,a,b\nx,r1,0,0\n"),
        ["--faulty", "0", "--clip", "0.001"],
        "--clip 0.001: give bits, a multiple of 1/512",
    ),
    "a clip of nothing": (
        "e.csv",
        csv("agent,reporter,a,b\nx,r1,0,0\n"),
        ["--faulty", "0", "--clip", "0"],
        "--clip 0: give bits",
    ),
    "a prior that no reporter can change": (
        "e.csv",
        csv("agent,reporter,a,b\nx,r1,0,0\n"),
        ["--faulty", "0", "--prior", "0,1"],
        "a has prior 0, which no reporter can change; leave it out with --hypotheses",
    ),
    "costs of three with reporters": (
        "e.csv",
        csv("agent,reporter,a,b,benign\nx,r1,0,0,0\n"),
        ["--faulty", "0", *COST],
        "--cost with --faulty is for two hypotheses",
    ),
    "rows moved by reporters": (
        "e.csv",
        csv("agent,reporter,benign,b\nx,r1,0,0\n"),
        ["--faulty", "0", "--moved-by", "2"],
        "--moved-by names rows of a posterior, and --faulty makes none",
    ),
    "one hypothesis": ("e.csv", csv("agent,a\n1,0\n"), [], "two or more hypothesis columns"),
    "too many hypotheses": (
        "e.npz",
        npz(agent=[1], **{f"h{number}": [0.0] for number in range(17)}),
        [],
        "17 hypotheses, but cpu takes at most 16",
    ),
    "not Parquet": ("e.parquet", csv(GOOD), [], "not a whole Parquet file"),
    "not NPZ": ("e.npz", csv(GOOD), [], "not a whole NPZ file"),
    "pickles": (
        "e.npz",
        npz(agent=np.array(["x", 1], object), a=TWO, b=TWO),
        [],
        "array 'agent' holds pickled Python objects",
    ),
    "unequal arrays": (
        "e.npz",
        npz(agent=[1, 2], a=[0.0, 0.0], b=[0.0]),
        [],
        "array 'b' has 1 rows but 'agent' has 2",
    ),
    "mixed ids": ("e.csv", csv(ROW + "1,0,0\nx,0,0\n"), [], "'x' is not an integer as in row 1"),
    "mixed ids, text first": ("e.csv", csv(ROW + "x,0,0\n1,0,0\n"), [], "'1' is not text"),
    "id missing": ("e.csv", csv(ROW + "1,0,0\n,0,0\n"), [], "row 2, column 'agent': no agent id"),
    "decimal id": ("e.csv", csv(ROW + "1.5,0,0\n"), [], "'1.5' is a decimal number"),
    "ids of floats": (
        "e.parquet",
        parquet(agent=[1.0], a=[0.0], b=[0.0]),
        [],
        "column 'agent' holds double",
    ),
    "type of typed ids": (
        "e.npz",
        npz(agent=[1], a=[0], b=[0]),
        ["--agent-type", "string"],
        "--agent-type is for CSV",
    ),
    "duplicate columns": ("e.csv", csv("agent,a,a\n1,0,0\n"), [], "two columns are named 'a'"),
    "column without a name": ("e.csv", csv("agent,,b\n1,0,0\n"), [], "a column has no name"),
    "waves over evidence": (
        "e.csv",
        csv(GOOD),
        ["--device", "sim", "--waves", "e.csv"],
        "e.csv: exists already; remove it or choose another file for the waves",
    ),
    "unknown suffix": ("e.tsv", csv(GOOD), [], "the evidence file has suffix '.tsv'"),
    "missing input": ("e.csv", lambda path: None, [], "no such file"),
    "directory": ("e.csv", lambda path: path.mkdir(), [], "is a directory; name one evidence file"),
    "waves of cpu": ("e.csv", csv(GOOD), ["--waves", "w.vcd"], "--waves records the simulated"),
    "chunk of zero rows": ("e.csv", csv(GOOD), ["--chunk-rows", "0"], "greater than or equal to 1"),
    "unknown option": ("e.csv", csv(GOOD), ["--pior", "1,1"], "No such option: --pior"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_with_a_cure_and_exit_code_2(folder, capsys, case):
    name, make, options, message = BAD[case]
    make(folder / name)
    before = sorted(folder.iterdir())
    assert main(["fuse", name, "--out", "o.csv", *options]) == 2
    assert sorted(folder.iterdir()) == before
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = [line for line in captured.err.splitlines() if line.startswith("error: ")]
    assert message in line
    assert "Traceback" not in captured.err


@pytest.mark.parametrize("suffix", ["parquet", "npz"])
def test_truncated(folder, capsys, suffix):
    path = folder / f"e.{suffix}"
    (parquet if suffix == "parquet" else npz)(agent=[1, 2], a=[0.0, 0.0], b=[0.0, 0.0])(path)
    path.write_bytes(path.read_bytes()[:-30])
    assert main(["fuse", path.name, "--out", "o.csv"]) == 2
    assert "not a whole" in capsys.readouterr().err
    assert list(folder.iterdir()) == [path]


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("o.txt", "the output has suffix '.txt'"),
        ("no/o.csv", "no/o.csv: cannot be written (No such file or directory); choose another"),
        ("e.csv", "is the evidence itself"),
        ("old.csv", "exists already; pass --force to replace it"),
        ("dir.csv", "is a directory"),
    ],
)
def test_output_that_cannot_be_is_found_before_the_device_is_opened(folder, capsys, out, message):
    (folder / "e.csv").write_text(GOOD)
    (folder / "old.csv").write_text("old")
    (folder / "dir.csv").mkdir()
    assert main(["fuse", "e.csv", "--out", out, "--json", "--device", "gpu"]) == 2
    captured = capsys.readouterr()
    failure = json.loads(captured.out)
    assert message in failure["error"]
    assert failure["exit_code"] == 2
    assert (folder / "old.csv").read_text() == "old"
    assert len(list(folder.iterdir())) == 3


def test_device_that_is_not_there(folder, capsys):
    (folder / "e.csv").write_text(GOOD)
    assert main(["fuse", "e.csv", "--out", "o.csv", "--device", "gpu"]) == 4
    assert "error: " in capsys.readouterr().err
    assert not (folder / "o.csv").exists()


def test_links_in_a_circle_were_a_traceback(tmp_path, capsys):
    (tmp_path / "e.csv").write_text("agent,a,b\n1,-1,-2\n")
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    words = ["fuse", str(tmp_path / "e.csv"), "--out", str(tmp_path / "one" / "o.csv")]
    assert main(words) == 2
    told = capsys.readouterr().err
    # From Python 3.13 on the system says it, not `Path.resolve`.
    assert re.search("links lead in a circle|Too many levels of symbolic links", told)
    assert "choose another path" in told


def test_more_rows_at_a_time_than_an_index_has_were_a_traceback(tmp_path, capsys):
    (tmp_path / "e.csv").write_text("agent,a,b\n1,-1,-2\n")
    words = ["fuse", str(tmp_path / "e.csv"), "--out", str(tmp_path / "o.csv")]
    assert main([*words, "--chunk-rows", str(2**63)]) == 2
    assert "--chunk-rows" in capsys.readouterr().err
