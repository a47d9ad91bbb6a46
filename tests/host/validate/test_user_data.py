"""A user's own file: evidence and scores, read as `fuse` and `monitor` read them."""

import numpy as np
import pytest

from consilience.devices.cpu import CpuDevice
from consilience.errors import BadInput
from consilience.validate.bench import CPU, Bench, Options
from consilience.validate.catalogue import all_claims
from consilience.validate.finding import Scale, Verdict
from consilience.validate.running import run_one
from consilience.validate.user_data import Evidence, Scores, read_user_data
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
    assert outcome(scores, "data.promise").verdict is Verdict.PASS
    assert outcome(scores, "data.scaling").finding.measured["exponent"]["high"] < 1.2


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.csv", None, "no such file"),
        ("trace.jsonl", '{"agent": 1, "tool": "x"}\n', "`consilience score`"),
        ("e.csv", "a,b\n1,2\n", "agent"),
    ],
)
def test_refusals(tmp_path, name, content, said):
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    with pytest.raises(BadInput, match=said):
        read_user_data(path)
