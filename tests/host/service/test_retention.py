"""What ended long ago goes; what stands, or is still to be told, stays; numbers stay right."""

import contextlib
import functools
import sqlite3

import pytest

from consilience.service import retention
from consilience.service.alerts import dispatcher
from consilience.service.retention import Retention
from consilience.service.store.observation_log import ObservationLog
from tests.host.service.alerts.test_alerting import BAD, GOOD, until
from tests.host.service.disk_copy import copy_of_disk

DAY = 86_400_000


def alarms_of(asked, *agents):
    """Bring an alarm of each agent."""
    for agent in agents:
        asked.send(*({**one, "agent": agent} for one in (*GOOD, *BAD)))


def numbers(asked, after=0, limit=100):
    return [one["id"] for one in asked.get(f"/v1/alarms?after={after}&limit={limit}")["alarms"]]


def in_days(asked, days, clock):
    """Return the retention of a service with a clock that is so many days later."""
    service = asked.service
    untold = service.alerting.dispatcher.untold
    kept = service.settings.kept_alarms_ms
    return Retention(service.database, untold, kept, lambda: clock() + days * DAY)


@pytest.fixture
def few(monkeypatch):
    """Let the newest alarm alone stay at any age."""
    monkeypatch.setattr(retention, "LEAST_ALARMS", 1)
    monkeypatch.setattr(dispatcher, "_LEAST", 1)


def test_acknowledged_alarms_go_and_those_that_stand_or_wait_stay(
    start, webhook, receiver, few, tmp_path
):
    asked = start(targets=[webhook()], kept_alarms_ms=30 * DAY, snapshot_bytes=1 << 30)
    alarms_of(asked, "a", "b")
    until(lambda: len(receiver.posts) == 2)
    receiver.answers.extend([503] * 1000)
    alarms_of(asked, "c", "d", "e", "f")
    for number in (1, 3, 4, 6):
        assert asked.ask("POST", f"/v1/alarms/{number}/acknowledge").status_code == 200
    clock = dispatcher.wall_ms
    assert in_days(asked, 29, clock).remove() == 0
    # 2 and 5 stand, nobody was told yet of 3, 4 and the end of 1, and 6 is the newest.
    assert in_days(asked, 31, clock).remove() == 0
    receiver.answers.clear()
    until(lambda: not asked.service.alerting.dispatcher.untold() & {1, 3, 4})
    assert in_days(asked, 31, clock).remove() == 3
    assert numbers(asked) == [2, 5, 6]
    assert [numbers(asked, 0, 2), numbers(asked, 5, 2), numbers(asked, 6, 2)] == [[2, 5], [6], []]
    assert asked.ask("POST", "/v1/alarms/1/acknowledge").status_code == 404

    told = len(receiver.posts)
    copy = tmp_path / "killed"  # it replays the whole log: its snapshot is that of the start
    copy_of_disk(tmp_path / "state", copy)
    asked.service.close()
    again = start("killed", targets=[webhook()], kept_alarms_ms=30 * DAY)
    assert numbers(again) == [2, 5, 6]
    alarms_of(again, "g")
    assert numbers(again) == [2, 5, 6, 7]
    until(lambda: len(receiver.posts) == told + 1)
    assert receiver.told[-1] == ("alarm.raised", 7)


def test_alerts_and_silences_go_with_them_and_what_was_told_is_told_no_second_time(
    start, webhook, receiver, few, caplog
):
    asked = start(targets=[webhook("old")], kept_alarms_ms=30 * DAY)
    receiver.answers.extend([503] * 1000)
    alarms_of(asked, "a", "b", "c")
    for number in (1, 2, 3):
        asked.ask("POST", f"/v1/alarms/{number}/acknowledge")
    asked.ask("POST", "/v1/silences", json={"pattern": "x", "for_ms": 1})
    asked.service.close()
    receiver.answers.clear()
    # A target that is named no longer holds nothing up.
    again = start(targets=[webhook("new")], kept_alarms_ms=30 * DAY)
    told = again.service.alerting.dispatcher
    told._clock = lambda: dispatcher.wall_ms() + 31 * DAY
    assert told.forget() == 2
    assert [one["id"] for one in again.get("/v1/alerts?standing=false")["alerts"]] == [3]
    with told._database.reading() as run:
        assert run.execute("select count(*) from silences").fetchone()[0] == 0
    assert in_days(again, 31, dispatcher.wall_ms).remove() == 2
    posts = len(receiver.posts)
    again.service.close()
    last = start(targets=[webhook("new")], kept_alarms_ms=30 * DAY)
    last.service.alerting.catch_up()
    assert len(receiver.posts) == posts
    assert "older backup" not in caplog.text


def test_a_clock_that_jumps_takes_none_of_the_newest(start):
    asked = start(kept_alarms_ms=30 * DAY)
    alarms_of(asked, "a", "b")
    for number in (1, 2):
        asked.ask("POST", f"/v1/alarms/{number}/acknowledge")
    assert in_days(asked, 40_000, dispatcher.wall_ms).remove() == 0
    assert numbers(asked) == [1, 2]


def test_a_database_of_version_1_goes_on(start, tmp_path):
    asked = start()
    alarms_of(asked, "a")
    asked.service.close()
    for name in ("service.db", "history.db"):
        base = sqlite3.connect(tmp_path / "state" / name)
        base.executescript("DROP INDEX acknowledged_alarms; PRAGMA user_version = 1;")
        base.close()
    again = start()
    assert numbers(again) == [1]
    assert again.service.retention.remove() == 0


def test_runs_that_a_deadline_ended_are_forgotten(start):
    from consilience.monitor.watch_options import WatchOptions

    asked = start(None, WatchOptions(arl="1000", n0=50, deadline=1000))
    row = {"agent": "a", "event": "score", "score": 1}
    asked.send(*({**row, "run": run, "step": 0, "at": 10 * run} for run in range(50)))
    assert len(asked.service.state.steps) == 50
    asked.send({**row, "run": 99, "step": 0, "at": 10_000})
    assert len(asked.service.state.steps) == 1


@pytest.mark.slow
def test_twice_the_time_takes_no_more_room(start, few, monkeypatch, tmp_path):
    """All that is kept but the Merkle log, whose leaves are for ever."""
    small = functools.partial(ObservationLog, segment_bytes=1 << 16)
    monkeypatch.setattr("consilience.service.service.ObservationLog", small)
    kept = {"kept_bytes": 0, "snapshot_bytes": 1 << 17, "kept_points": 20, "remembered": 2000}
    asked = start(kept_alarms_ms=30 * DAY, **kept)
    service, sizes = asked.service, []
    for number in range(240):
        rows = [
            {
                "agent": n % 10,
                "run": f"{number}.{n}",
                "score": n % 7 if n % 10 or number < 20 else 9,
            }
            for n in range(200)
        ]
        assert asked.send(*rows).status_code == 200
        for one in asked.get("/v1/alerts")["alerts"]:
            asked.ask("POST", f"/v1/alarms/{one['id']}/acknowledge")
        if number % 8 == 7:  # a file keeps the room of the longest wait: not by the keeper's clock
            service._keeper.points.flush()
            service._keeper.points.compact()
        if number % 80 == 79:
            in_days(asked, 31, dispatcher.wall_ms).remove()
            told = service.alerting.dispatcher
            told._book.forget(dispatcher.wall_ms() + DAY, 1)
            # A snapshot that is on its way is adopted by the keeper's own thread.
            until(lambda: service._keeper._at_work is None)
            service._keeper.write_snapshot()
            for name in ("service.db", "history.db", "alerts.db"):  # their -wal is 4 MiB at most
                with contextlib.closing(sqlite3.connect(tmp_path / "state" / name)) as base:
                    base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            parts = service.sizes().parts
            sizes.append({name: parts[name] for name in parts if name != "audit"})
    assert asked.get("/v1/alarms?newest=true")["alarms"][-1]["id"] > 10
    assert service.database.count_alarms() < 5
    log = [one.pop("log") for one in sizes]
    assert max(log) <= 2 * kept["snapshot_bytes"] + (1 << 16)
    # One part of the histories more, of the ten that a third brings, by when the last was written.
    part = {"history.db": 64 << 10}
    for name, size in sizes[1].items():
        assert sizes[2][name] <= 1.05 * size + part.get(name, 0), (name, sizes)
