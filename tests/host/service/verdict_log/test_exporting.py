"""What is exported of a service: proofs, and a package that verify.py recomputes from the start."""

import json
import subprocess
import sys

import pytest

from consilience.audit import verify
from consilience.cli.app import main
from consilience.monitor.watch_options import WatchOptions
from tests.host.service.verdict_log.test_verdict_log import rows

OPTIONS = WatchOptions(arl="200", n0=50, agents=5, fleet_alpha="1/10", fleet_every=100)


def verified(*words):
    command = [sys.executable, "-I", "-S", verify.__file__, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def state(start, tmp_path):
    asked = start(options=OPTIONS, snapshot_bytes=2_000)
    for number in range(45):
        assert asked.send(*rows(number, bad=number > 30)).status_code == 200
        steps = [{"agent": "a4", "run": f"s{number // 3}", "event": "score", "step": number % 3,
                  "score": number % 7}]  # fmt: skip
        assert asked.send(*steps).status_code == 200
        if number == 40:
            asked.send({"agent": "a0", "event": "acknowledge", "run": "ack"})
    assert asked.send({"agent": "a1", "run": "0.1", "score": 99}).status_code == 422
    asked.service.verdicts.flush()
    return asked, tmp_path / "state"


def test_proofs_of_a_state_and_of_a_running_service_are_checked_alone(state, tmp_path, capsys):
    asked, folder = state
    assert main(["audit", "export", str(tmp_path / "out"), "--state", str(folder), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    alarms = asked.get("/v1/alarms?limit=1000")["alarms"]
    assert made["proofs"] == len(alarms) > 0
    key = tmp_path / "out/service.pub"
    one = tmp_path / f"out/alarm-{alarms[0]['id']}.json"
    assert verified(one, "--key", key).stdout.endswith("verified\n")
    last = asked.get(f"/v1/alarms/{alarms[0]['id']}/proof")
    told = json.loads(one.read_text())
    assert (last["hashes"], last["record"]) == (told["hashes"], told["record"])
    words = ["audit", "verify", str(tmp_path / "out"), "--key", str(key)]
    for other in alarms[2:]:
        (tmp_path / f"out/alarm-{other['id']}.json").unlink()
    assert main(words) == 0
    assert capsys.readouterr().out.count("verified") == 2
    one.write_text(json.dumps({**told, "alarm": {**told["alarm"], "agent": "another"}}))
    assert main(words) == 8
    assert "says another alarm than its record" in capsys.readouterr().err
    words = ["audit", "export", str(tmp_path / "late"), "--state", str(folder), "--json"]
    assert main([*words, "--since", "2999-01-01"]) == 0
    assert json.loads(capsys.readouterr().out)["proofs"] == 0


def test_a_package_of_all_records_is_recomputed(state, tmp_path, capsys):
    _, folder = state
    out = tmp_path / "package"
    code = main(["audit", "export", str(out), "--state", str(folder), "--records", "--json"])
    output = capsys.readouterr()
    assert code == 0, output.err
    made = json.loads(output.out)
    assert made["records"] > 500 and made["proved"] > 0
    deployment = (folder / "deployment").read_text().strip()
    found = verified(out)
    assert "UNKNOWN" in found.stderr and "recomputed" in found.stdout, found.stderr
    statement = json.loads((out / "statement.dsse.json").read_text())
    key = statement["signatures"][0]["keyid"]
    assert key.startswith(f"consilience/{deployment}/package+")
    assert made["public"] == str(tmp_path / "package.pub")
    assert (tmp_path / "package.pub").read_text() == f"{key}\n"
    assert verified(out, "--key", made["public"]).stdout.endswith("verified\n")
    told = json.loads((out / "service_log.json").read_text())
    assert len(told["alarms"]) > 0 and told["key"].startswith(f"consilience/{deployment}+")


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        ([], "give either --state DIR or --url URL"),
        (["--url", "http://127.0.0.1:1", "--records"], "--records needs --state"),
        (["--state", "{empty}"], "has no log of verdicts"),
        (["--state", "{empty}", "--since", "soon"], "a date, as 2026-05-01"),
    ],
)
def test_wrong_inputs_name_their_cure(tmp_path, capsys, words, cure):
    given = [word.format(empty=tmp_path) for word in words]
    assert main(["audit", "export", str(tmp_path / "out"), *given]) == 2
    assert cure in capsys.readouterr().err


def test_records_that_are_gone_are_said(state, tmp_path, capsys):
    asked, folder = state
    asked.service.close()
    first = min((folder / "log").glob("*.log"))
    first.rename(first.with_name(f"{5:020}.log"))
    words = ["audit", "export", str(tmp_path / "out"), "--state", str(folder), "--records"]
    assert main(words) == 2
    assert "the records before 5 are gone" in capsys.readouterr().err
