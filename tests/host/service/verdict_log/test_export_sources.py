"""Services with a frozen table, a model of traces, or reporters: exported, and recomputed alone."""

import json
import random

import numpy as np

import consilience as cs
from consilience.cli.app import main
from consilience.monitor.source_file import FrozenSource, frozen_text
from consilience.monitor.watch_options import WatchOptions
from tests.host.service.http.test_traces import BAD, OPTIONS, learn, model, post, run  # noqa: F401
from tests.host.service.verdict_log.test_exporting import verified


def exported(state, out, *words):
    return main(["audit", "export", str(out), "--state", str(state), "--records", *words])


def recomputed(folder):
    """Return what verify.py says of a package with the key that it names."""
    key = json.loads((folder / "statement.dsse.json").read_text())["signatures"][0]["keyid"]
    found = verified(folder, "--key", key)
    assert found.stdout.endswith("verified\n"), found.stderr
    return found.stdout


def test_of_a_frozen_table(start, tmp_path, capsys):
    scores = np.arange(1500, dtype=np.int64) % 97 * 65536
    edges = np.array([20, 60, 90], np.int64) * 65536
    source = FrozenSource(cs.FrozenTable.fit_scores(scores, edges))
    file = tmp_path / "table.json"
    file.write_text(frozen_text(source))
    asked = start(options=WatchOptions(arl="100", source=source))
    for number in range(30):
        rows = [{"agent": f"a{one}", "run": str(number), "score": 7 + 88 * (one and number > 9)}
                for one in range(2)]  # fmt: skip
        assert asked.send(*rows).status_code == 200
    assert asked.get("/v1/alarms")["alarms"]
    asked.service.close()
    state = tmp_path / "state"
    assert exported(state, tmp_path / "no") == 2
    assert "judges by --frozen" in capsys.readouterr().err
    assert exported(state, tmp_path / "no", "--source", str(state / "seed")) == 2
    assert exported(state, tmp_path / "out", "--source", str(file)) == 0
    said = recomputed(tmp_path / "out")
    assert "60 bin" in said
    assert "confidence 1 - 1/100" in said
    assert "agents that alarmed 'a1'" in said


def test_of_a_model_of_traces(start, model, tmp_path, capsys):  # noqa: F811
    asked = start(options=OPTIONS, model=model)
    learn(asked)
    post(asked, *run(500, BAD))
    assert asked.get("/v1/alarms")["alarms"]
    asked.service.close()
    state = tmp_path / "state"
    (tmp_path / "other.json").write_text("{}")
    assert exported(state, tmp_path / "no", "--source", str(tmp_path / "other.json")) == 2
    assert "is not the file that the service has as --model" in capsys.readouterr().err
    assert exported(state, tmp_path / "out", "--source", str(model)) == 0
    assert "session 'service': agents that alarmed 'planner'" in recomputed(tmp_path / "out")


def test_of_reporters(start, tmp_path):
    options = WatchOptions(arl="30", n0=50, faulty=1, reporters=5)
    asked, draw = start(options=options), random.Random(5)
    for number in range(60):
        honest, silent = draw.gauss(0, 1) + 9 * (number > 54), number % 2
        rows = [{"agent": "a", "run": str(number), "reporter": f"r{one}", "score":
                 round(-99.0 if one == number % 5 else honest + draw.gauss(0, 0.1), 3)}
                for one in range(5) if not (silent and one == number % 5)]  # fmt: skip
        if silent:
            rows.append({"agent": "a", "run": str(number), "event": "end"})
        assert asked.send(*rows).status_code == 200
    asked.service.close()
    assert exported(tmp_path / "state", tmp_path / "out") == 0
    said = recomputed(tmp_path / "out")
    assert "60 reports, 60 run" in said
    assert "agents that alarmed 'a'" in said
    assert "of 5 reporters at most 1 lie or are silent" in said
