"""The package of a validation: verified by plain Python, the same bytes when made again."""

import json
import subprocess
import sys

import pytest

from consilience.cli.app import main
from consilience.errors import BadInput
from consilience.validate import environment
from consilience.validate.package import _behaviour, _monitored, signing_key


@pytest.mark.slow
def test_it_is_verified_and_made_again_byte_for_byte(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(environment, "refuse_changed_code", lambda: "0" * 40)
    scores = tmp_path / "scores.csv"
    rows = [f"a{n % 3},{n * 7919 % 1000}\n" for n in range(300)]
    scores.write_text("agent,score\n" + "".join(rows))
    words = ["validate", "--quick", "--only", "data.promise", "--only", "promise.once"]
    words += ["--data", str(scores), "--audit-mode", "--output-package"]
    folder, made = tmp_path / "audit", []
    for _ in range(2):
        assert main([*words, str(folder)]) == 0, capsys.readouterr().err
        verify = [sys.executable, "-I", "-S", str(folder / "verify.py"), str(folder)]
        key = ["--key", str(tmp_path / "audit.vkey")]
        done = subprocess.run([*verify, *key], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "session 'own-scores': recomputed 300 run" in done.stdout
        files = [path for path in folder.rglob("*") if path.is_file()]
        made.append({path.relative_to(folder).as_posix(): path.read_bytes() for path in files})
        folder.rename(tmp_path / f"made-{len(made)}")
    differ = [name for name in made[0] if made[0][name] != made[1][name]]
    assert differ == ["measured.json"]
    assert made[0].keys() == made[1].keys()
    claims = json.loads(made[0]["claims.json"])
    assert claims["counts"]["pass"] == 2
    assert "seconds" in json.loads(made[0]["measured.json"])["claims"]["promise.once.tight"]
    assert "promise.once.tight" in made[0]["claims.html"].decode()


def test_the_agent_that_turns_bad_is_the_only_one_that_alarms():
    records = [json.loads(one) for one in _monitored("monitor", _behaviour()).records]
    assert {one[1] for one in records if one[0] == "alarm"} == {"agent-0"}


def test_a_folder_with_files_is_refused_before_anything_runs(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="not empty; choose another --output-package"):
        signing_key(tmp_path, None)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--output-package", "x"], "is of --audit-mode; give both"),
        (["--key", "x"], "--key signs a package"),
    ],
)
def test_refusals(capsys, words, said):
    assert main(["validate", *words]) == 2
    assert said in " ".join(capsys.readouterr().err.split())
