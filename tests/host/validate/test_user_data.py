"""A user's own file: evidence and scores, read as `fuse` and `monitor` read them."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from consilience.cli.app import main
from consilience.devices.cpu import CpuDevice
from consilience.errors import BadInput
from consilience.monitor.observation_lines import LineReader
from consilience.validate.bench import CPU, Bench, Options
from consilience.validate.catalogue import all_claims
from consilience.validate.finding import Scale, Verdict
from consilience.validate.running import run_one
from consilience.validate.user_data import Evidence, Scores, read_user_data, score_lines
from tests.host.validate.faulty_devices import OffByOne


@pytest.fixture
def evidence(tmp_path):
    rng = np.random.default_rng(1)
    rows = [f"{a},{x:.3f},{y:.3f}" for a, (x, y) in enumerate(-rng.random((300, 2)) * 9)]
    path = tmp_path / "evidence.csv"
    path.write_text("\n".join(["agent,good,bad", *rows, *rows]) + "\n")
    return path


@pytest.fixture
def scores(tmp_path):
    rng = np.random.default_rng(2)
    rows = [f"a{n % 3},{x:.3f}" for n, x in enumerate(rng.exponential(1, 300))]
    path = tmp_path / "scores.csv"
    path.write_text("\n".join(["agent,score", *rows]) + "\n")
    return path


def outcome(path, name, device=CpuDevice):
    options = Options(Scale.QUICK, (CPU,), path)
    (claim,) = [one for one in all_claims(options) if one.name == name]
    with Bench(options, lambda _: device()) as bench:
        return run_one(claim, bench)


def test_what_a_file_holds(evidence, scores):
    assert isinstance(read_user_data(evidence), Evidence)
    assert isinstance(read_user_data(scores), Scores)
    assert len(read_user_data(scores).score) == 300


def test_evidence(evidence):
    found = outcome(evidence, "data.bits")
    assert (found.verdict, found.finding.cases) == (Verdict.PASS, 600)
    assert outcome(evidence, "data.bits", OffByOne).finding.failures == 1
    found = outcome(evidence, "data.promise")
    assert found.verdict is Verdict.NOT_RUN
    assert "give scores" in found.reason


def test_scores(scores):
    assert outcome(scores, "data.bits").verdict is Verdict.PASS


@pytest.mark.slow
def test_time_and_promise_of_scores(scores):
    assert outcome(scores, "data.promise").verdict is Verdict.PASS
    assert outcome(scores, "data.scaling").finding.measured["exponent"]["high"] < 1.2


WRONG = {
    "missing.csv": (None, "no such file; check the path"),
    "folder.csv": (Path.mkdir, "is a directory; name one file"),
    "pipe.csv": (os.mkfifo, "is a pipe or a device; save what it gives"),
    "empty.csv": ("", r"zero bytes\); write it again"),
    "columns.csv": (
        "name,value\nx,1\n",
        "no column 'agent'; .*write a file whose columns are agent",
    ),
    "one.csv": ("agent,good\n1,-1\n", "found good; give one log-likelihood column"),
    "text.csv": ("agent,good,bad\n1,low,-2\n", "'low' is not a number; write a file whose columns"),
    "count.csv": (
        "agent,step,good,bad\n" + "".join(f"1,{n},-1,-2\n" for n in range(9)),
        "number of a",
    ),
    "nan.csv": ("agent,good,bad\n1,-1,-2\n2,nan,-1\n", "row 2, column 'good': NaN; give a number"),
    "nan-score.csv": ("agent,score\n1,2\n2,nan\n", "line 3: the score is NaN; give a number"),
    "ragged.csv": ("agent,good,bad\n1,-1,-2\n2,-1\n", r"row 2 \(line 3\): 2 cells .*; add"),
    "ragged-score.csv": ("agent,score\n1,2\n2\n", "line 3: 1 cells for 2 columns; write a file"),
    "header.csv": ("agent,score\n", "no runs; write a row"),
    "huge.csv": (f"agent,good,bad\n{10**29},-1,-2\n", "wider than 64 bits; write all ids alike"),
    "mixed.csv": (
        "agent,good,bad\n7,-1,-2\nx,-1,-2\n",
        "not an integer as in row 1.*; write all ids",
    ),
    "many.csv": (
        f"agent,{','.join(f'h{n}' for n in range(17))}\n1{',-1' * 17}\n",
        "17 hypotheses, .* at most 16; leave some",
    ),
    "x.csv": ("agent,x1\n1,2\n", "columns x1 .. are increments.*; write a file with a row a run"),
    "events.csv": ("agent,run,event,score\n1,1,start,\n", "line 2: an event; give whole runs"),
    "binary.csv": (bytes(range(256)), "no text; save it as CSV"),
    "binary.npz": (bytes(range(256)), "not a whole NPZ file .*; save it again"),
    "binary.parquet": (bytes(range(256)), "not a whole Parquet file .*; write or copy it again"),
    "sheet.xlsx": (b"PK\3\4\xff", "neither evidence, .*nor scores .*; write a file"),
    "trace.jsonl": ('{"agent": 1, "tool": "x"}\n', "no score.*`consilience score`"),
}


@pytest.mark.parametrize("name", WRONG)
def test_each_refusal_names_a_cure_that_validate_has(tmp_path, name):
    content, said = WRONG[name]
    path = tmp_path / name
    if callable(content):
        content(path)
    elif content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(BadInput, match=said) as refused:
        read_user_data(path)
    assert "; " in str(refused.value)
    assert "--" not in str(refused.value), "an option of another command"


def test_what_is_probably_no_evidence_is_said(tmp_path, capsys):
    path = tmp_path / "shares.csv"
    path.write_text("agent,good,bad\n1,0.9,0.1\n2,0.3,0.7\n")
    assert main(["validate", "--quick", "--only", "data.promise", "--data", str(path)]) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "shares.csv: " in said.partition("warning: ")[2]
    assert "--hypotheses" not in said


def test_more_hypotheses_than_a_device_takes(tmp_path):
    path = tmp_path / "many.csv"
    path.write_text("agent,a,b,c\n1,-1,-2,-3\n")
    found = outcome(path, "data.bits", TwoHypotheses)
    assert found.verdict is Verdict.NOT_RUN
    assert "takes at most 2; leave" in found.reason


class TwoHypotheses(CpuDevice):
    """A device for two hypotheses."""

    @property
    def info(self):
        return dataclasses.replace(super().info, hypotheses=2)


def test_scores_of_a_parquet_file(scores):
    rows = [line.split(",") for line in scores.read_text().split()[1:]]
    table = {"agent": [a for a, _ in rows], "score": [float(score) for _, score in rows]}
    path = scores.with_suffix(".parquet")
    pq.write_table(pa.table(table), path)
    for one, other in zip(read_user_data(path), read_user_data(scores), strict=True):
        assert (one == other).all()
    reader = LineReader()
    observations = [reader.read(line, number) for number, line in score_lines(path)]
    assert len([one for one in observations if one]) == 300
