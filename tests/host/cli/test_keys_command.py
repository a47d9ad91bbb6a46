"""`consilience keys`: pairs in files, nothing secret on the screen."""

import json
import stat

from consilience.cli.app import main
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
    assert (set(roster.agents), set(roster.replicas)) == ({3}, {0, 1, 2})


def test_nothing_secret_is_shown(tmp_path, capsys):
    assert main(["keys", "agent-3", "--out", str(tmp_path / "keys")]) == 0
    shown = "".join(capsys.readouterr())
    key = read_key(tmp_path / "keys" / "agent-3.key")
    assert fingerprint(key.public) in shown
    secret = (tmp_path / "keys" / "agent-3.key").read_text().splitlines()[1]
    assert secret[-20:] not in shown and key.private.private_bytes_raw().hex() not in shown


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
    assert main(["keys", "me", "--out", str(tmp_path / "keys")]) == 2
    assert main(["keys"]) == 2
    assert "use agent-N or replica-N" in capsys.readouterr().err
