"""`consilience validate`: exit codes, what it prints, what it keeps."""

import json

import pytest

from consilience.cli.app import main
from consilience.validate import bench
from tests.host.validate.faulty_devices import OffByOne

DIGEST = ["validate", "--quick", "--only", "correctness.digest.cpu"]


def test_a_claim_that_stands(capsys, tmp_path):
    assert main([*DIGEST, "--json", "--resume", str(tmp_path)]) == 0
    value = json.loads(capsys.readouterr().out)
    claims = {one["name"]: one for one in value["claims"]}
    found = claims["correctness.digest.cpu"]
    assert (found["verdict"], found["cases"], found["failures"]) == ("pass", 100_000, 0)
    assert value["complete"]
    assert value["counts"]["pass"] == 1
    assert claims["scaling.sums"]["reason"] == "not asked for: leave out --only"
    assert [one.name.split("-")[0] for one in tmp_path.iterdir()] == ["correctness.digest.cpu"]


def test_a_planted_fault_is_exit_code_8(capsys, monkeypatch):
    monkeypatch.setattr(bench, "open_device", lambda _: OffByOne())
    assert main(DIGEST) == 8
    shown = capsys.readouterr()
    assert "0 pass, 1 fail" in shown.out
    assert "fails: " in shown.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--quick", "--full"], 2, "choose one"),
        (["--only", "nothing"], 2, "no claim's name begins so; there are correctness, scaling"),
        (["--device", "socket://127.0.0.1:9"], 4, "127.0.0.1"),
        (["--device", "nonsense"], 2, "nonsense"),
    ],
)
def test_refusals(capsys, words, code, said):
    assert main(["validate", *words]) == code
    assert said in " ".join(capsys.readouterr().err.split())
