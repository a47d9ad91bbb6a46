"""`consilience send` to `consilience node` in processes, one of them killed; what is refused."""

import json
import os
import signal
import subprocess

import pytest

from consilience.cli.app import main
from tests.host.distributed.test_processes import PROGRAM, evidence, processes, server

__all__ = ["evidence", "processes", "server"]


@pytest.mark.slow
def test_a_node_that_is_killed_has_all_that_it_acknowledged(
    server, evidence, processes, tmp_path, capsys
):
    path, whole = evidence
    keys = tmp_path / "keys"
    assert main(["keys", "node-1", "producer-7", "--out", str(keys)]) == 0
    node = ["node", "--shard", "1/1", "--log", tmp_path / "log", "--nats", server]
    node += ["--hypotheses", "benign,hijacked", "--roster", keys, "--period", "0.2"]

    def start():
        processes.append(subprocess.Popen([*PROGRAM, *map(str, node)]))
        return processes[-1]

    def send(*more):
        capsys.readouterr()
        # 4 KiB are a message here.
        words = ["--producer", "7", "--chunk-rows", "40", "--nats", server, "--json"]
        code = main(["send", str(path), *words, "--roster", str(keys), *more])
        return code, json.loads(capsys.readouterr().out)

    victim = start()
    code, said = send()
    assert code == 0
    assert (said["rows"], said["taken"], said["known"], said["next"]) == (4000, 100, 0, 100)
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    code, said = send("--timeout", "0.5")
    assert code == 7 and "no receipt for part" in said["error"]
    start()
    code, said = send()
    assert code == 0 and (said["taken"], said["known"]) == (0, 100)
    code, said = send("--first", "1")
    assert code == 2 and "other evidence as part" in said["error"]
    watch = ["watch", "--nats", server, "--roster", str(keys), "--until-complete", "--json"]
    capsys.readouterr()
    assert main([*watch, "--timeout", "1.5"]) == 7  # who receives is never complete
    assert "1 shards are held" in capsys.readouterr().err
    assert whole.rows == 4000


def test_a_roster_without_producers_is_refused(tmp_path, capsys):
    keys = tmp_path / "keys"
    assert main(["keys", "node-1", "--out", str(keys)]) == 0
    node = ["node", "--shard", "1/1", "--log", str(tmp_path / "log"), "--roster", str(keys)]
    assert main([*node, "--hypotheses", "a,b"]) == 2
    assert "has no producer-N.pub" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["node", "--shard", "1/1", "--log", "log"], "give --log DIR and --hypotheses"),
        (["node", "--shard", "1/1", "--volatile", "--hypotheses", "a,b"], "give --log DIR"),
        (["send", "e.csv", "--producer", "1"], "give --shards N, or --roster"),
    ],
)
def test_refused(words, reason, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert reason in capsys.readouterr().err
