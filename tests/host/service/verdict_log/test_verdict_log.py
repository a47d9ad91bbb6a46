"""The Merkle log of a service: every record and alarm, once, also after kills; proofs of alarms."""

import hashlib
import json
import shutil
import struct
import subprocess
import sys

import pytest

from consilience.audit import merkle
from consilience.audit import verify as verify_script
from consilience.audit.checkpoint import NoteKey, opened_checkpoint
from consilience.audit.tiles import bundle_entries
from consilience.errors import BadInput
from consilience.monitor.watch_options import WatchOptions
from tests.host.service.disk_copy import copy_of_disk

OPTIONS = WatchOptions(arl="200", n0=50)


def rows(number, bad=False):
    return [
        {"agent": f"a{place % 3}", "run": f"{number}.{place}",
         "score": 99 if bad and place % 3 == 0 else (number * 7 + place * 5) % 11}
        for place in range(12)
    ]  # fmt: skip


def filled(asked, batches=40):
    for number in range(batches):
        assert asked.send(*rows(number, bad=number > 30)).status_code == 200
    return asked.get("/v1/alarms")["alarms"]


def entries_of(folder):
    """All entries of a log's folder, read as the specification says, by nothing of the product."""
    found, bundle = [], 0
    while (folder / f"tile/entries/{bundle:03d}").exists():
        found += bundle_entries((folder / f"tile/entries/{bundle:03d}").read_bytes(), "")
        bundle += 1
    parts = sorted(
        (folder / f"tile/entries/{bundle:03d}.p").glob("*"), key=lambda one: int(one.name)
    )
    return found + (bundle_entries(parts[-1].read_bytes(), "") if parts else [])


def test_an_alarm_is_proved_by_verify_py_alone(start, tmp_path):
    asked = start(options=OPTIONS)
    alarms = filled(asked)
    assert alarms
    key = asked.ask("GET", "/v1/log/key").text.strip()
    proof = asked.get(f"/v1/alarms/{alarms[0]['id']}/proof")
    assert proof["index"] == alarms[0]["log_index"]
    kept = {name: value for name, value in proof["alarm"].items() if name != "acknowledged_ms"}
    text = json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()
    assert json.loads(proof["record"]) == ["alarm", kept["id"], hashlib.sha256(text).hexdigest()]
    file = tmp_path / "proof.json"

    def verified(told):
        file.write_text(json.dumps(told))
        command = [sys.executable, "-I", "-S", verify_script.__file__, str(file), "--key", key]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert "verified" in verified(proof).stdout
    other = {**proof, "record": proof["record"].replace(f",{kept['id']},", f",{kept['id'] + 1},")}
    assert verified(other).returncode == 8
    assert asked.ask("GET", "/v1/alarms/999999/proof").status_code == 404


def test_leaves_say_what_came_and_what_followed(start, tmp_path):
    asked = start(options=OPTIONS)
    alarms = filled(asked, 34)
    assert asked.send({"agent": "a0", "run": "0.0", "score": 5}).status_code == 422
    asked.service.close()
    folder = tmp_path / "state" / "audit"
    leaves = [json.loads(one) for one in entries_of(folder)]
    assert leaves[0][:3] == ["begin", 1, asked.service.deployment]
    assert [one[1] for one in leaves if one[0] in ("record", "refused")] == list(range(1, 36))
    assert [one[1] for one in leaves if one[0] == "alarm"] == [one["id"] for one in alarms]
    for alarm in alarms:
        assert leaves[alarm["log_index"]][1] == alarm["id"]
    # A record stands in the log of observations after its length and two checks, 12 bytes.
    data = b"".join(path.read_bytes() for path in sorted((tmp_path / "state/log").glob("*.log")))
    for leaf in leaves:
        if leaf[0] in ("record", "refused"):
            place = data.index(struct.pack("<QqB", *leaf[1:4]))
            (length,) = struct.unpack_from("<I", data, place - 12)
            assert hashlib.sha256(data[place : place + length]).hexdigest() == leaf[4]


def test_checkpoint_and_tiles_are_served_as_they_are(start, tmp_path):
    asked = start(options=OPTIONS)
    filled(asked, 5)
    asked.service.verdicts.flush()
    key = NoteKey.of_text(asked.ask("GET", "/v1/log/key").text)
    found = opened_checkpoint(asked.ask("GET", "/v1/log/checkpoint").text, key)
    assert found.size == 6
    answer = asked.ask("GET", "/v1/log/tile/entries/000.p/6")
    leaves = bundle_entries(answer.content, "")
    frontier = merkle.Frontier()
    for one in leaves:
        frontier.append(merkle.leaf_hash(one))
    assert frontier.root == found.root
    assert answer.headers["cache-control"] == "no-store"
    for path in ("entries/001", "../../audit.key", "..%2f..%2faudit.key", "0/000"):
        assert asked.ask("GET", f"/v1/log/tile/{path}").status_code == 404
    assert (tmp_path / "state/audit.key").stat().st_mode & 0o777 == 0o600


def test_killed_before_and_after_leaves_were_written_none_is_lost_or_doubled(start, tmp_path):
    """Copies of the folder with the log of observations whole and the Merkle log of before."""
    asked = start(options=OPTIONS, snapshot_bytes=1 << 30)
    filled(asked, 20)
    asked.service.verdicts.flush()
    early = tmp_path / "early"
    copy_of_disk(tmp_path / "state/audit", early)
    alarms = filled_on(asked)
    copy = tmp_path / "copy"
    copy_of_disk(tmp_path / "state", copy)
    shutil.rmtree(copy / "audit")
    shutil.copytree(early, copy / "audit")
    asked.service.close()
    expected = entries_of(tmp_path / "state/audit")
    again = start("copy", options=OPTIONS)
    assert again.get("/v1/alarms")["alarms"] == alarms
    again.service.close()
    assert entries_of(copy / "audit") == expected
    roots = [(folder / "audit/checkpoint").read_text() for folder in (copy, tmp_path / "state")]
    assert roots[0] == roots[1]  # one key, one tree: the same note


def filled_on(asked):
    for number in range(20, 40):
        asked.send(*rows(number, bad=number > 30))
    return asked.get("/v1/alarms")["alarms"]


@pytest.mark.parametrize("what", ["leaf", "key", "gone"])
def test_a_changed_log_is_refused_at_the_start(start, tmp_path, what):
    asked = start(options=OPTIONS, snapshot_bytes=1 << 30)
    filled(asked, 5)
    asked.service.verdicts.flush()
    copy = copy_of_disk(tmp_path / "state", tmp_path / "copy")
    if what == "leaf":
        path = copy / "audit/tile/entries/000.p/6"
        path.write_bytes(path.read_bytes().replace(b'["record",3,', b'["record",9,'))
        words = "leaf 3 is not what the log of observations gives"
    elif what == "key":
        (copy / "audit.key").unlink()
        words = "the log is signed with it"
    else:
        asked.service.close()
        shutil.rmtree(copy)
        shutil.copytree(tmp_path / "state", copy)
        shutil.rmtree(copy / "audit")
        words = "restore the whole state directory from one backup"
    with pytest.raises(BadInput, match=words):
        start("copy", options=OPTIONS)


def test_a_service_that_keeps_nothing_has_no_log(start):
    asked = start(None, options=OPTIONS, volatile=True)
    found = asked.ask("GET", "/v1/log/checkpoint")
    assert found.status_code == 404 and "--state DIR" in found.json()["detail"]


def test_backup_and_restore_keep_the_log_and_its_key(start, tmp_path):
    from consilience.service.backup.restoring import restore_backup
    from consilience.service.backup.writing import write_backup

    asked = start(options=OPTIONS)
    filled(asked, 35)
    asked.service.verdicts.flush()
    write_backup(tmp_path / "state", tmp_path / "backup")
    restore_backup(tmp_path / "backup", tmp_path / "restored")
    key = asked.ask("GET", "/v1/log/key").text
    again = start("restored", options=OPTIONS)
    assert again.ask("GET", "/v1/log/key").text == key
    again.service.close()
    asked.service.close()
    assert entries_of(tmp_path / "restored/audit") == entries_of(tmp_path / "state/audit")
