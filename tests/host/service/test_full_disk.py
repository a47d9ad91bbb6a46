"""A disk too full for a table: all goes on once there is room, or at the next start."""

import sqlite3

import pytest

from consilience.service.access.tokens import Tokens
from consilience.service.alerts import alerting
from consilience.service.alerts.alerts_database import AlertsDatabase
from consilience.service.backup.retuning import retune
from consilience.service.backup.writing import write_backup
from consilience.service.store.database import Database
from consilience.service.store.full_disk import DiskFull
from tests.host.service.alerts.test_alerting import BAD, GOOD, until

ROW = {"agent": "z", "run": 1, "score": 1}


def rows_of(*agents):
    return [{**one, "agent": agent} for agent in agents for one in (*GOOD, *BAD)]


def pages(connection, most=None):
    """Return how many pages the file has, or let it have no more than so many: SQLite says full."""
    if most is None:
        return connection.execute("PRAGMA page_count").fetchone()[0]
    return connection.execute(f"PRAGMA max_page_count = {most}").fetchone()[0]


@pytest.fixture
def full(start, webhook, tmp_path):
    """Return a service with alarms, of which those of the last rows had no room."""
    asked = start(targets=[webhook()])
    asked.send(*rows_of("a"))
    connection = asked.service.database._writer
    pages(connection, pages(connection))
    found = asked.send(*rows_of(*(f"agent {n} " + "x" * 200 for n in range(40))))
    assert found.status_code == 200
    assert len(found.json()["alarms"]) == 40
    return asked


def test_nothing_more_is_taken_until_there_is_room_and_then_all_is_shown_and_told(
    full, receiver, caplog
):
    assert len(full.get("/v1/alarms")["alarms"]) == 1
    refused = full.send(ROW)
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (507, "disk-full")
    assert "40 alarms cannot be shown and told" in refused.json()["detail"]
    assert full.ask("GET", "/readyz").status_code == 503
    assert "consilience_writing 0" in full.ask("GET", "/metrics").text
    until(lambda: "40 alarms cannot be shown" in caplog.text)  # said without being asked
    told = len(receiver.posts)

    pages(full.service.database._writer, 1 << 20)
    until(lambda: len(receiver.posts) == told + 40)  # without another row
    assert len(full.get("/v1/alarms")["alarms"]) == 41
    assert full.ask("GET", "/readyz").status_code == 200
    assert full.send(ROW).json()["accepted"] == 1


def test_a_service_that_ends_meanwhile_shows_all_at_its_next_start(full, start, receiver):
    digest = full.get("/v1/fleet")["digest"]
    full.service.close()  # a snapshot now would leave the alarms behind it
    again = start()
    assert [one["id"] for one in again.get("/v1/alarms")["alarms"]] == [*range(1, 42)]
    assert again.get("/v1/fleet")["digest"] == digest


def test_a_snapshot_waits_for_what_is_shown_before_it(full):
    keeper = full.service._keeper
    before = keeper._snapshots.paths()
    with pytest.raises(Exception, match="40 alarms"):
        keeper.write_snapshot()
    assert keeper._snapshots.paths() == before
    pages(full.service.database._writer, 1 << 20)
    until(lambda: full.service.engine.failure is None)
    keeper.write_snapshot()
    assert keeper._snapshots.paths() != before


def test_alarms_that_cannot_be_queued_are_told_once_there_is_room(
    start, webhook, receiver, caplog, monkeypatch
):
    monkeypatch.setattr(alerting, "_AGAIN_S", 0.05)
    asked = start(targets=[webhook()])
    connection = asked.service.alerting.dispatcher._database._connection
    pages(connection, pages(connection))
    found = asked.send(*rows_of(*(f"agent {n} " + "x" * 200 for n in range(40))))
    assert len(found.json()["alarms"]) == len(asked.get("/v1/alarms")["alarms"]) == 40
    until(lambda: "could not be queued for telling (the disk of the state is full" in caplog.text)
    assert caplog.text.count("could not be queued") == 1
    assert "Traceback" not in caplog.text
    pages(connection, 1 << 20)
    until(lambda: {number for _, number in receiver.told} == set(range(1, 41)))


def test_what_a_user_asks_for_is_refused_with_the_cause(start):
    asked = start()
    connection = asked.service.alerting.dispatcher._database._connection
    pages(connection, pages(connection))
    words = {"pattern": "x" * 100, "for_ms": 60_000}
    answers = (asked.ask("POST", "/v1/silences", json=words) for _ in range(500))
    refused = next(one for one in answers if one.status_code >= 400)
    assert refused.status_code == 507
    assert refused.json()["detail"].startswith("the disk of the state is full; make room")


@pytest.fixture
def no_room(monkeypatch):
    """Let files that SQLite opens grow no more."""

    def limited(*given, **more):
        made = connect(*given, **more)
        pages(made, 1)
        return made

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", limited)


@pytest.mark.parametrize("opened", [Database, AlertsDatabase, Tokens])
def test_a_start_without_room_does_not_say_that_a_file_is_damaged(opened, no_room, tmp_path):
    """It gave the advice to remove it."""
    with pytest.raises(DiskFull, match="make room"):
        opened(tmp_path / "a.db")


def test_a_copy_without_room_does_not_say_that_the_state_is_damaged(start, tmp_path, request):
    asked = start()
    asked.send(*rows_of("a"))
    asked.service.close()
    request.getfixturevalue("no_room")
    with pytest.raises(DiskFull, match=r"backup.*\.db: the disk is full; make room"):
        write_backup(tmp_path / "state", tmp_path / "backup")
    with pytest.raises(DiskFull, match=r"new.*\.db: the disk is full; make room"):
        retune(tmp_path / "state", tmp_path / "new", {"arl": "2000"})
    assert {one.name for one in tmp_path.iterdir()} == {"state"}


def test_a_token_without_room_is_none(tmp_path):
    with Tokens(tmp_path / "access.db") as tokens:
        pages(tokens._base, pages(tokens._base))
        with pytest.raises(DiskFull, match="nothing was changed"):
            for number in range(500):
                tokens.create(f"{number}", ["read"])
        assert len(tokens.all()) == number
