"""A backup of a service that runs, brought back: what it knew, judged and told then goes on."""

import hashlib
import json
import shutil
import stat
import subprocess
import sys
from random import Random

import pytest

from consilience.cli.app import main
from consilience.errors import BadInput
from consilience.service.access.audit_log import AuditLog, read_changes
from consilience.service.access.tokens import Tokens
from consilience.service.backup.manifest import MANIFEST
from consilience.service.backup.restoring import restore_backup
from consilience.service.backup.writing import write_backup
from tests.host.service.test_recovery import OPTIONS, batch, facts, sending


def modes(folder):
    return {stat.S_IMODE(one.stat().st_mode) for one in folder.rglob("*") if one.is_file()}


def test_taken_under_load_and_brought_back_it_goes_on_as_the_service_did(
    start, tmp_path, webhook, receiver
):
    """Snapshots come and go while copies are taken; each goes on with all that was answered."""
    whole = start(options=OPTIONS, targets=[webhook()], snapshot_bytes=2048, kept_bytes=0)
    state = tmp_path / "state"
    with Tokens(state / "access.db") as tokens, AuditLog(state / "changes.jsonl") as audit:
        token, _ = tokens.create("reader", ["read"])
        audit.record("tests", "made a token")
    rng, taken = Random(1), []
    batches = [batch(number, rng) for number in range(25, 55)]
    with sending(whole, batches) as (_, wait):
        for number in range(3):
            count = wait(3 + 9 * number)
            made, left_out = write_backup(state, tmp_path / f"backup{number}")
            assert left_out == []
            taken.append((number, count, made.position))
    expected = facts(whole)
    assert expected[2]
    write_backup(state, tmp_path / "last")
    alerts = whole.get("/v1/alerts?standing=false")["alerts"]
    whole.service.close()
    told = len(receiver.posts)

    for number, count, position in taken:
        copy = tmp_path / f"restored{number}"
        restore_backup(tmp_path / f"backup{number}", copy)
        assert modes(copy) == modes(tmp_path / f"backup{number}") == {0o600}
        again = start(copy.name, options=OPTIONS)
        assert again.get("/v1/status")["position"] == position >= count
        for rows in batches[:count]:
            assert again.send(*rows).json()["accepted"] == 0  # known, so it counts no second time
        for rows in batches[count:]:
            again.send(*rows)
        found = facts(again)
        assert found[0]["observations"] == expected[0]["observations"]
        assert found[1] == expected[1]
        assert len(found[2]) == len(expected[2])
        with Tokens(copy / "access.db") as tokens:
            assert not isinstance(tokens.check(token.text), str)
        assert [one["did"] for one in read_changes(copy / "changes.jsonl")] == ["made a token"]

    restore_backup(tmp_path / "last", tmp_path / "again")
    last = start("again", options=OPTIONS, targets=[webhook()])
    assert facts(last) == expected  # histories and alarms with their times, too
    assert last.get("/v1/alerts?standing=false")["alerts"] == alerts
    assert len(receiver.posts) == told  # nobody is told once more of what was told before


KILLED_AT_EACH_SYNC = """
import os, signal, sys
from pathlib import Path
from consilience.service.backup.restoring import restore_backup
from consilience.service.backup.writing import write_backup

call, source, target = sys.argv[1:]
fsync, number = os.fsync, 0
while True:
    place = Path(target + str(number))
    child = os.fork()
    if not child:
        left = number
        def killing(file):
            global left
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
            fsync(file)
        os.fsync = killing
        globals()[call](Path(source), place)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        print(number)
        sys.exit(status != 0)
    number += 1
"""


@pytest.mark.parametrize("call", ["write_backup", "restore_backup"])
def test_killed_at_any_moment_it_leaves_no_half_that_is_taken_for_whole(start, tmp_path, call):
    asked = start(options=OPTIONS)
    for number in range(3):
        asked.send(*batch(number, Random(number)))
    expected = facts(asked)
    source = tmp_path / "state"
    if call == "restore_backup":
        source = tmp_path / "backup"
        write_backup(tmp_path / "state", source)
    asked.service.close()
    command = [sys.executable, "-c", KILLED_AT_EACH_SYNC, call, str(source), f"{tmp_path}/made"]
    moments = int(subprocess.run(command, check=True, capture_output=True).stdout)
    whole = 0
    for moment in range(moments + 1):
        place = tmp_path / f"made{moment}"
        if call == "write_backup":
            try:
                restore_backup(place, tmp_path / f"state{moment}")
            except BadInput as error:
                assert "is no backup" in str(error)
                assert not place.exists()
                continue
            place = tmp_path / f"state{moment}"
        else:
            with pytest.raises(BadInput, match=r"empty"):
                restore_backup(source, place)
        try:
            again = start(place.name, options=OPTIONS)
        except BadInput as error:
            assert "was interrupted" in str(error)
            continue
        whole += 1
        assert facts(again) == expected
        again.service.close()
    assert moments > 8
    assert 1 <= whole < moments
    if call == "write_backup":
        write_backup(tmp_path / "state", tmp_path / "made0")  # what was left of it is removed
        assert not list(tmp_path.glob(".made0.*"))


@pytest.fixture
def backup(start, tmp_path):
    asked = start(options=OPTIONS)
    asked.send(*batch(0, Random(0)))
    write_backup(tmp_path / "state", tmp_path / "backup")
    return tmp_path / "backup"


def changed(path, place=-1):
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    path.write_bytes(data)


def format_of(backup, version):
    line = (backup / MANIFEST).read_bytes().split(b"\n")[0]
    line = json.dumps({**json.loads(line), "format": version}).encode()
    check = hashlib.sha256(line).hexdigest().encode()
    (backup / MANIFEST).write_bytes(line + b"\n" + check + b"\n")


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda backup: changed(next((backup / "log").iterdir())), "is not what was backed up"),
        (lambda backup: changed(backup / "seed"), "is not what was backed up"),
        (lambda backup: (backup / "service.db").unlink(), "is missing"),
        (lambda backup: changed(backup / MANIFEST), "is damaged"),
        (lambda backup: (backup / MANIFEST).unlink(), "is no backup, or one that did not end"),
        (lambda backup: format_of(backup, 0), "another format than 1"),
        (lambda backup: format_of(backup, 2), "another format than 1"),
    ],
)
def test_a_damaged_backup_is_refused_and_leaves_nothing(backup, tmp_path, harm, message):
    harm(backup)
    with pytest.raises(BadInput, match=message):
        restore_backup(backup, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_folder_that_holds_something_is_refused(start, backup, tmp_path):
    with pytest.raises(BadInput, match="a service has it; stop that"):
        restore_backup(backup, tmp_path / "state")
    other = tmp_path / "other"
    other.mkdir()
    (other / "note").touch()
    with pytest.raises(BadInput, match="is not empty"):
        restore_backup(backup, other)
    with pytest.raises(BadInput, match="exists already"):
        write_backup(tmp_path / "state", backup)
    with pytest.raises(BadInput, match="is no state directory"):
        write_backup(other, tmp_path / "more")
    with pytest.raises(BadInput, match="within the state directory"):
        write_backup(tmp_path / "state", tmp_path / "state" / "backup")


def test_a_damaged_state_is_not_backed_up(start, tmp_path):
    start(options=OPTIONS).service.close()
    state = tmp_path / "state"
    kept = tmp_path / "kept"
    shutil.copytree(state, kept)
    changed(next((state / "snapshots").iterdir()))
    with pytest.raises(BadInput, match="damaged"):
        write_backup(state, tmp_path / "backup")
    path = kept / "alerts.db"
    path.write_bytes(path.read_bytes()[:5000] + bytes(4000))
    with pytest.raises(BadInput, match=r"alerts\.db: cannot be copied"):
        write_backup(kept, tmp_path / "backup")
    assert {one.name for one in tmp_path.iterdir()} == {"state", "kept"}


def test_the_commands_say_what_is_lost_and_note_who_did_it(start, tmp_path, capsys):
    asked = start(options=OPTIONS)
    asked.send({"agent": "a", "run": 1, "score": 1})
    state, backup, new = (str(tmp_path / name) for name in ("state", "backup", "new"))
    assert main(["service", "backup", backup, "--state", state]) == 0
    assert "record 1" in capsys.readouterr().out
    asked.send({"agent": "a", "run": 2, "score": 1})
    assert main(["service", "restore", backup, "--state", new]) == 0
    found = capsys.readouterr()
    assert "what was answered after" in found.err
    assert main(["service", "restore", backup, "--state", state]) == 2
    assert "a service has it" in capsys.readouterr().err
    done = [one["did"] for one in read_changes(tmp_path / "new" / "changes.jsonl")]
    assert done == ["restored a backup"]
    done = [one["did"] for one in read_changes(tmp_path / "state" / "changes.jsonl")]
    assert done == ["made a backup"]
    assert start("new", options=OPTIONS).get("/v1/status")["runs"] == 1
