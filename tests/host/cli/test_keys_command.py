"""`consilience keys`: pairs in files, nothing secret on the screen."""

import json
import stat

from consilience.cli.app import main
from consilience.distributed.epochs.deployment_file import read_deployment
from consilience.distributed.epochs.key_files import read_key, read_public
from consilience.distributed.epochs.roster import Roster
from consilience.distributed.epochs.signing import fingerprint


def test_a_roster_is_made_and_read(tmp_path, capsys):
    folder = tmp_path / "keys"
    names = ["agent-3", "replica-0", "replica-1", "replica-2"]
    assert main(["keys", *names, "--out", str(folder), "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert [made["name"] for made in value["keys"]] == names
    for made in value["keys"]:
        key = read_key(folder / f"{made['name']}.key")
        assert key.public == read_public(folder / f"{made['name']}.pub")
        assert made["fingerprint"] == fingerprint(key.public)
        assert stat.S_IMODE((folder / f"{made['name']}.key").stat().st_mode) == 0o600
    roster = Roster.read(folder, 0)
    assert value["deployment"] == {"id": roster.deployment.hex(), "new": True}
    assert (set(roster.agents), set(roster.replicas)) == ({3}, {0, 1, 2})


def test_nothing_secret_is_shown(tmp_path, capsys):
    assert main(["keys", "agent-3", "--out", str(tmp_path / "keys")]) == 0
    shown = "".join(capsys.readouterr())
    key = read_key(tmp_path / "keys" / "agent-3.key")
    assert fingerprint(key.public) in shown
    secret = (tmp_path / "keys" / "agent-3.key").read_text().splitlines()[1]
    assert secret[-20:] not in shown and key.private.private_bytes_raw().hex() not in shown


def test_one_id_on_all_machines(tmp_path, capsys):
    """Drawn with the first keys; a second machine is told it, and a third cannot have another."""
    first, second = tmp_path / "first", tmp_path / "second"
    assert main(["keys", "agent-0", "--out", str(first), "--json"]) == 0
    drawn = json.loads(capsys.readouterr().out)["deployment"]["id"]
    assert main(["keys", "agent-1", "--out", str(first), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["deployment"] == {"id": drawn, "new": False}
    assert main(["keys", "agent-2", "--out", str(second), "--deployment", drawn]) == 0
    assert drawn in capsys.readouterr().out
    assert read_deployment(first) == read_deployment(second) == bytes.fromhex(drawn)
    other = ["keys", "agent-3", "--out", str(second), "--deployment", "00" * 16]
    assert main(other) == 2
    assert f"is of deployment {drawn}" in capsys.readouterr().err
    assert not (second / "agent-3.key").exists()
    assert main([*other[:4], "--deployment", "mine"]) == 2
    assert "32 lower-case hexadecimal digits" in capsys.readouterr().err


def test_never_twice(tmp_path, capsys):
    arguments = ["keys", "agent-3", "--out", str(tmp_path / "keys")]
    assert main(arguments) == 0
    before = (tmp_path / "keys" / "agent-3.key").read_bytes()
    assert main(arguments) == 2
    assert "a key is never overwritten" in capsys.readouterr().err
    assert (tmp_path / "keys" / "agent-3.key").read_bytes() == before


def test_refusals(tmp_path, capsys):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    assert main(["keys", "agent-3", "--out", str(shared)]) == 5
    assert main(["keys", "agent-99999999999999999999999", "--out", str(tmp_path / "keys")]) == 2
    assert not (tmp_path / "keys").exists()
    assert main(["keys", "me", "--out", str(tmp_path / "keys")]) == 2
    assert main(["keys"]) == 2
    assert "use agent-N, replica-N" in capsys.readouterr().err
