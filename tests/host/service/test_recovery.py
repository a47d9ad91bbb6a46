"""A service that is killed goes on with all it has answered, once, as if nothing had happened."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import sqlite3
import struct
import threading
import time
from random import Random

import pytest

from consilience.monitor.watch_options import WatchOptions
from consilience.service.keeper import Keeper
from consilience.service.store.snapshots import Snapshot, Snapshots
from tests.host.service.disk_copy import copy_of_disk

OPTIONS = WatchOptions(arl="200", n0=50)


def batch(number, rng):
    rows = [
        {"agent": f"a{rng.randrange(4)}", "run": f"{number}.{n}", "score": rng.randrange(9)}
        for n in range(20)
    ]
    if number > 40:  # it turns bad
        rows.append({"agent": "a1", "run": f"bad{number}", "score": 99})
    rows += [
        {"agent": "a0", "run": f"s{number // 4}", "event": "score", "step": number % 4 * 3 + n,
         "score": rng.randrange(20)}
        for n in range(3)
    ]  # fmt: skip
    return rows


def killed(tmp_path, name, copy):
    return copy_of_disk(tmp_path / name, tmp_path / copy)


def facts(asked):
    status = asked.get("/v1/status")
    kept = "position", "observations", "runs", "agents"
    fleet = asked.get("/v1/fleet")["digest"]
    alarms = [{**one, "acknowledged_ms": 0} for one in asked.get("/v1/alarms")["alarms"]]
    history = [asked.get(f"/v1/agents/a{n}")["history"] for n in range(4)]
    return {name: status[name] for name in kept}, fleet, alarms, history


@contextlib.contextmanager
def sending(asked, batches):
    """Send in another thread; give what is answered so far, and what waits until so many are."""
    answered = []

    def send():
        for rows in batches:
            assert asked.send(*rows).status_code == 200
            answered.append(rows)

    def wait(count):
        while len(answered) < count:
            thread.join(0.002)
        return len(answered)

    thread = threading.Thread(target=send)
    thread.start()
    yield answered, wait
    thread.join()


def test_killed_at_any_moment_under_load(start, tmp_path):
    """Copies are taken while another thread sends; each goes on with all that was answered."""
    whole = start(options=OPTIONS, snapshot_bytes=4096, kept_bytes=1 << 30)
    rng, copies = Random(1), []
    batches = [batch(number, rng) for number in range(60)]
    with sending(whole, batches) as (answered, wait):
        for number in range(4):
            wait(5 + 14 * number)
            copies.append((killed(tmp_path, "state", f"copy{number}"), len(answered)))
    expected = facts(whole)
    assert expected[0]["observations"] == sum(map(len, batches))
    assert expected[2]
    for path, count in copies:
        again = start(path.name, options=OPTIONS)
        for rows in batches[:count]:
            assert again.send(*rows).json()["accepted"] == 0  # answered, so not lost
        for rows in batches[count:]:
            again.send(*rows)
        found = facts(again)
        assert found[0]["observations"] == expected[0]["observations"]  # none counted twice
        assert (found[1], len(found[2])) == (expected[1], len(expected[2]))
    alone = tmp_path / "replayed"
    killed(tmp_path, "state", "replayed")
    shutil.rmtree(alone / "snapshots")
    for one in alone.glob("*.db*"):
        one.unlink()
    assert facts(start("replayed", options=OPTIONS)) == expected


def test_a_full_disk_is_a_problem_that_ends_with_room(start, monkeypatch):
    asked = start()
    write = os.pwrite

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    row = {"agent": "a", "run": 1, "score": 1}
    monkeypatch.setattr(os, "pwrite", full)
    found = asked.send(row)
    assert (found.status_code, found.json()["type"]) == (507, "urn:consilience:problem:disk-full")
    assert "make room" in found.json()["detail"]
    monkeypatch.setattr(os, "pwrite", write)
    assert asked.send(row).json()["accepted"] == 1


def test_a_disk_that_fails_takes_nothing_more_and_is_not_ready(start, monkeypatch):
    asked = start()

    def failing(_):
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing)
        assert asked.send({"agent": "a", "run": 1, "score": 1}).status_code == 503
    found = asked.send({"agent": "a", "run": 1, "score": 1})
    assert (found.status_code, found.headers["retry-after"]) == (503, "1")
    assert "start the service again" in asked.ask("GET", "/readyz").json()["detail"]


def test_histories_go_on_after_a_database_that_could_not_be_written(start, monkeypatch, caplog):
    asked = start()
    refused, written = threading.Event(), threading.Event()
    histories = asked.service._keeper.points._database
    write = histories.write_points

    def full(*_):
        refused.set()
        raise sqlite3.OperationalError("database or disk is full")

    def fits(*given):
        write(*given)
        written.set()

    monkeypatch.setattr(histories, "write_points", full)
    asked.send(*({"agent": "a", "run": number, "score": 1} for number in range(60)))
    assert refused.wait(10)
    monkeypatch.setattr(histories, "write_points", fits)
    assert written.wait(10)
    assert [one["run"] for one in asked.get("/v1/agents/a")["history"]][-1] == 59
    assert (
        caplog.text.count("histories are written (OperationalError: database or disk is full)") == 1
    )


def test_killed_after_a_snapshot_and_before_histories_it_has_both(start, tmp_path, monkeypatch):
    """Starts would read the snapshot, and the runs before it would be in no history."""
    asked = start(snapshot_bytes=1)
    histories = asked.service._keeper.points._database
    write = histories.write_points

    def full(*_):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(histories, "write_points", full)
    asked.send(*({"agent": "a", "run": number, "score": 1} for number in range(60)))
    folder = tmp_path / "state" / "snapshots"
    for _ in range(1000):
        if list(folder.glob("*.staged")):
            break
        time.sleep(0.01)
    killed(tmp_path, "state", "copy")
    assert start("copy").get("/v1/agents/a")["history"] == asked.get("/v1/agents/a")["history"]
    monkeypatch.setattr(histories, "write_points", write)
    asked.service.close()
    assert not list(folder.glob("*.staged"))


def test_lives_too_short_for_a_snapshot_do_not_add_up(start, tmp_path, monkeypatch):
    """No snapshot is adopted before a kill: the next start adopts one if it has read as much."""
    monkeypatch.setattr(Keeper, "_end_snapshot", lambda _: None)  # as lives of under a second
    name, rng, positions, expected = "state", Random(3), [], None
    for life in range(4):
        asked = start(name, options=OPTIONS, snapshot_bytes=1)
        assert life == 0 or asked.service.state.digest == expected
        folder = tmp_path / name / "snapshots"
        positions.append(int(max(folder.glob("*.snapshot")).stem))
        for number in range(3):
            asked.send(*batch(3 * life + number, rng))
        expected = asked.service.state.digest
        killed(tmp_path, name, name := f"life{life}")
    assert positions == [0, 3, 6, 9]


def test_a_start_on_a_full_disk_goes_on_without_a_snapshot(start, tmp_path, monkeypatch, caplog):
    asked = start()
    asked.send(*batch(0, Random(4)))
    expected = facts(asked)
    killed(tmp_path, "state", "copy")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Snapshots, "stage", full)
        assert facts(start("copy", snapshot_bytes=1)) == expected
    assert "a snapshot of what was replayed is written (OSError" in caplog.text


def test_a_snapshot_that_fails_is_a_line_of_the_log(start, monkeypatch, caplog):
    asked = start(snapshot_bytes=1)

    def failing(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Snapshots, "stage", failing)
        asked.send({"agent": "a", "run": 1, "score": 1})
        for _ in range(1000):
            if "no snapshot was written" in caplog.text:
                break
            time.sleep(0.01)
    assert "(OSError: [Errno 28] No space left on device)" in caplog.text


def test_closed_on_a_full_disk_it_says_so_and_nothing_is_lost(start, monkeypatch, caplog):
    asked = start()
    asked.send(*({"agent": "a", "run": number, "score": 1} for number in range(60)))
    expected = facts_of_a(asked)

    def full(*_):
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(asked.service._keeper.points._database, "write_points", full)
        asked.service.close()
    assert "the last snapshot could not be finished" in caplog.text
    assert "nothing that was answered is lost" in caplog.text
    assert facts_of_a(start()) == expected  # its folder was let go


def facts_of_a(asked):
    return asked.get("/v1/agents/a")["history"], asked.get("/v1/fleet")["digest"]


def test_two_services_on_one_folder_and_other_options_are_refused(start):
    first = start()
    with pytest.raises(ValueError, match="another service has it"):
        start()
    first.service.close()
    with pytest.raises(ValueError, match=r"give the same \(arl was 1000\)"):
        start(options=WatchOptions(arl="2000", n0=50))


def test_a_snapshot_of_version_1_is_read(start, tmp_path):
    """Version 1 knew no traces: what it held goes on."""
    asked = start()
    asked.send(*batch(0, Random(2)))
    digest = asked.get("/v1/fleet")["digest"]
    asked.service.close()
    path = max((tmp_path / "state" / "snapshots").iterdir())
    held = Snapshot.of(path.read_bytes(), path)
    for name in ("model", "traces"):
        del held.facts[name]
    del held.parts["traces"]
    path.write_bytes(as_version_1(held))
    assert start().get("/v1/fleet")["digest"] == digest
    with pytest.raises(ValueError, match="damaged"):
        Snapshot.of(path.read_bytes()[:-1], path)


def as_version_1(held):
    """Return the bytes of a snapshot as the first version wrote them."""
    parts = {"facts": json.dumps(held.facts).encode(), **held.parts}
    body = b"CNSS" + struct.pack("<II", 1, len(parts))
    for name, data in parts.items():
        body += struct.pack("<IQ", len(name), len(data)) + name.encode() + data
    return body + hashlib.sha256(body).digest()
