"""From a row to a webhook and back to quiet, through the service; and what a crash leaves."""

import hashlib
import json
import sqlite3
import time

import pytest

from consilience.monitor.watch_options import WatchOptions
from consilience.service.intake.columns import Columns, Event
from consilience.service.store.observation_log import Kind, ObservationLog
from consilience.service.verdict_log.leaves import as_logged

GOOD = [{"agent": "a", "run": f"g{i}", "score": i % 7} for i in range(60)]
BAD = [{"agent": "a", "run": f"b{i}", "score": 50 + i} for i in range(8)]
WORSE = [{"agent": "a", "run": f"c{i}", "score": 150 + i} for i in range(8)]
"""The highest of all, so that they alarm from a statistic that begins anew."""


def until(is_so, seconds=20):
    end = time.monotonic() + seconds
    while not (found := is_so()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


def test_an_alarm_says_scores_as_they_were_sent(start, webhook, receiver, tmp_path):
    """The leaf of the log is of the same bytes as before scores were said."""
    options = WatchOptions(arl="1000", n0=50, low_is_suspect=True)
    asked = start(options=options, targets=[webhook()])
    asked.send(*[{**one, "score": 0.8 + one["score"] / 100} for one in GOOD])
    asked.send({"agent": "a", "run": "b0", "score": 0.58})
    asked.service.close()
    asked = start(options=options, targets=[webhook()])  # what ranks were is kept
    asked.send(*[{**one, "score": 0.6 - one["score"] / 1000} for one in BAD[1:]])
    until(lambda: receiver.posts)
    scores = json.loads(receiver.posts[0][1])["data"]["scores"]
    told = {one["run"]: one for one in scores["runs"]}
    assert told["b0"] == {"run": "b0", "score": 0.58, "rank": 1, "of": 61}
    assert told["b1"]["score"] == 0.549 and told["b1"]["of"] == 62
    assert scores["usual"] == {"runs": 68, "p5": 0.546, "median": 0.82, "p95": 0.86}
    assert "0.58 (1 of 61)" in scores["says"] and "nine in ten 0.546 to 0.86" in scores["says"]
    found = asked.get("/v1/agents/a")
    assert scores["says"] in found["reasons"][0]
    assert [one["score"] for one in found["history"][-2:]] == [0.544, 0.543]
    proof = asked.get("/v1/alarms/1/proof")
    (alarm,) = asked.get("/v1/alarms")["alarms"]
    assert "scores" not in proof["alarm"] and proof["alarm"] == as_logged(alarm)
    logged = {name: one for name, one in proof["alarm"].items() if name != "acknowledged_ms"}
    digest = hashlib.sha256(json.dumps(logged, sort_keys=True, separators=(",", ":")).encode())
    assert json.loads(proof["record"]) == ["alarm", 1, digest.hexdigest()]


def test_an_alarm_is_told_acknowledged_and_resolved(start, webhook, receiver):
    asked = start(targets=[webhook()])
    asked.send(*GOOD)
    assert asked.send(*BAD).json()["alarms"] == [1]
    until(lambda: receiver.posts)
    body = json.loads(receiver.posts[0][1])
    assert body["data"] == {**asked.get("/v1/alarms")["alarms"][0], "ended": None}
    (listed,) = until(
        lambda: [one for one in asked.get("/v1/alerts")["alerts"] if one["told"][0]["sent_ms"]]
    )
    assert (listed["id"], listed["silenced"], listed["ended"]) == (1, False, None)
    found = asked.ask("POST", "/v1/alarms/1/acknowledge", json={"note": "a test"})
    assert found.json() == {"acknowledged": [1]}
    assert asked.get("/v1/agents/a")["acknowledged"] is True
    assert asked.get("/v1/alarms")["alarms"][0]["acknowledged_ms"] is not None
    until(lambda: len(receiver.posts) == 2)
    ended = json.loads(receiver.posts[1][1])["data"]["ended"]
    assert (ended["how"], ended["note"]) == ("acknowledged", "a test")
    assert asked.get("/v1/alerts") == {"alerts": [], "next": None}
    assert asked.get("/v1/alerts?standing=false")["alerts"][0]["ended"] == ended
    # Its statistic begins anew: a good run pages nobody, nor does a single bad one.
    assert asked.send({"agent": "a", "run": "mended", "score": 3}).json()["alarms"] == []
    assert asked.send({"agent": "a", "run": "slip", "score": 90}).json()["alarms"] == []
    assert asked.get("/v1/agents/a")["state"] == "quiet"
    # Armed anew, it alarms anew.
    asked.send(*WORSE)
    until(lambda: len(receiver.posts) == 3)
    assert receiver.told[2] == ("alarm.raised", 2)
    # The first acknowledgement again, as a client sends it that had no answer, ends no more.
    found = asked.ask("POST", "/v1/alarms/1/acknowledge")
    assert found.json() == {"acknowledged": [1]}
    assert [one["id"] for one in asked.get("/v1/alerts")["alerts"]] == [2]


@pytest.mark.parametrize(
    ("event", "how"), [("acknowledge", "acknowledged"), ("recalibrate", "renewed")]
)
def test_what_a_row_says_of_an_agent_ends_its_alarms(start, webhook, receiver, event, how):
    asked = start(targets=[webhook()])
    asked.send(*GOOD)
    asked.send(*BAD)
    until(lambda: receiver.posts)
    asked.send({"agent": "a", "event": event})
    until(lambda: len(receiver.posts) == 2)
    assert json.loads(receiver.posts[1][1])["data"]["ended"]["how"] == how


def test_an_acknowledgement_that_was_sent_twice_counts_once(start):
    """Else the second would end an alarm that came since, and the agent stay latched: silent."""
    asked = start()
    asked.send(*GOOD)
    note = {"agent": "a", "event": "acknowledge", "run": "note 1"}
    asked.send(*BAD, note, *WORSE)
    assert asked.send(note).json()["duplicates"] == 1
    assert asked.get("/v1/agents/a")["state"] == "alarm"
    assert [one["id"] for one in until(lambda: asked.get("/v1/alerts")["alerts"])] == [2]


def test_acknowledgements_of_an_older_log_are_done_as_they_were(start, tmp_path):
    """Verdicts that were published stay as they were, whichever version replays them."""
    asked = start()
    asked.send(*GOOD)
    asked.send(*BAD)
    before = asked.get("/v1/agents/a")["statistic_bits"]
    old = Columns(["a"], [None], [Event.UNLATCH], [None], [None])
    asked.service.engine.submit(old).result()
    assert asked.get("/v1/agents/a")["statistic_bits"] == before
    assert asked.get("/v1/fleet")["alarm"] == 0  # nobody is to be told of it any more
    assert asked.send({"agent": "a", "run": "mended", "score": 3}).json()["alarms"] == [2]
    asked.send({"agent": "a", "event": "acknowledge"})
    assert asked.get("/v1/agents/a")["statistic_bits"] is None
    kinds = [one.kind for one in ObservationLog(tmp_path / "state/log").replay(0)]
    assert kinds == [Kind.OBSERVATIONS] * 4 + [Kind.NOTES]  # which an older program refuses


def test_an_alarm_behind_an_acknowledgement_in_one_request_stands(start):
    asked = start()
    asked.send(*GOOD)
    asked.send(*BAD, {"agent": "a", "event": "acknowledge"}, *WORSE)
    first, second = asked.get("/v1/alarms")["alarms"]
    assert first["acknowledged_ms"] is not None and second["acknowledged_ms"] is None
    assert [one["id"] for one in until(lambda: asked.get("/v1/alerts")["alerts"])] == [2]


def test_what_was_not_offered_before_a_crash_is_offered_at_the_next_start(
    start, webhook, receiver, tmp_path
):
    asked = start()
    asked.send(*GOOD)
    asked.send(*BAD)
    asked.service.close()
    for path in (tmp_path / "state").glob("alerts.db*"):
        path.unlink()
    again = start(targets=[webhook()])
    until(lambda: receiver.told == [("alarm.raised", 1)])
    again.send({"agent": "a", "event": "acknowledge"})
    until(lambda: len(receiver.posts) == 2)
    again.service.close()
    # What was acknowledged while nobody was there to end it ends at the start.
    third = start()
    third.send(*WORSE)
    until(lambda: third.service.alerting.dispatcher.counts() == {"agent": 1})
    third.service.close()
    with sqlite3.connect(tmp_path / "state" / "service.db") as database:
        database.execute("update alarms set acknowledged_ms = 1 where id = 2")
    database.close()
    fourth = start()
    until(lambda: fourth.service.alerting.dispatcher.counts() == {})


def test_an_alarm_of_the_fleet_is_acknowledged_by_itself(start, webhook, receiver):
    options = WatchOptions(arl="1000", n0=50, fleet_alpha="0.2", fleet_every=1, agents=2)
    asked = start(options=options, targets=[webhook()])
    asked.send(*GOOD)
    asked.send(*BAD)
    fleet = [one for one in asked.get("/v1/alarms")["alarms"] if one["kind"] == "fleet"]
    assert fleet and fleet[0].get("agent") is None
    number = fleet[0]["id"]
    found = asked.ask("POST", f"/v1/alarms/{number}/acknowledge")
    assert found.json() == {"acknowledged": [number]}
    standing = {one["id"]: one["kind"] for one in asked.get("/v1/alerts")["alerts"]}
    assert number not in standing and "agent" in standing.values()


def test_silences_over_the_api(start, webhook, receiver):
    asked = start(targets=[webhook()])
    until_ms = time.time_ns() // 1_000_000 + 3_600_000
    body = {"pattern": "a*", "until_ms": until_ms, "note": "load test"}
    made = asked.ask("POST", "/v1/silences", json=body)
    assert made.status_code == 201
    assert made.json()["alarms_standing"] == 0
    asked.send(*GOOD)
    asked.send(*BAD)
    (listed,) = until(lambda: asked.get("/v1/alerts")["alerts"])
    assert listed["silenced"]
    assert asked.get("/v1/silences")["silences"][0]["pattern"] == "a*"
    assert receiver.posts == []
    number = made.json()["id"]
    assert asked.ask("DELETE", f"/v1/silences/{number}").status_code == 200
    until(lambda: receiver.told == [("alarm.raised", 1)])


@pytest.mark.parametrize(
    ("method", "url", "body", "status", "cure"),
    [
        ("POST", "/v1/alarms/7/acknowledge", None, 404, "/v1/alarms"),
        ("POST", f"/v1/alarms/{1 << 80}/acknowledge", None, 404, "/v1/alarms"),
        ("POST", "/v1/alarms/1/acknowledge", b"{", 422, "/docs"),
        ("POST", "/v1/alarms/1/acknowledge", b'{"no": 1}', 422, "/docs"),
        ("POST", "/v1/alarms/1/acknowledge", b'{"note": "' + b"x" * 1001 + b'"}', 422, "/docs"),
        ("POST", "/v1/silences", b"", 422, "pattern"),
        ("POST", "/v1/silences", b'{"pattern": "a", "until_ms": 1}', 422, "later end"),
        ("POST", "/v1/silences", b'{"pattern": "a", "until_ms": -1}', 422, "milliseconds"),
        ("POST", "/v1/silences", b'{"pattern": "a"}', 422, "one of them"),
        ("POST", "/v1/silences", b'{"pattern": "a", "until_ms": 1, "for_ms": 1}', 422, "one of"),
        ("POST", "/v1/silences", b'{"pattern": "a", "for_ms": 0}', 422, "later end"),
        ("POST", "/v1/silences", b'{"pattern": "a[", "until_ms": 1}', 422, "[[]"),
        ("POST", "/v1/silences", b'{"pattern": "\xff", "until_ms": 1}', 422, "/docs"),
        ("DELETE", "/v1/silences/3", None, 404, "no silence 3"),
        ("DELETE", f"/v1/silences/{1 << 80}", None, 404, "no silence"),
        ("GET", "/v1/alerts?limit=0", None, 422, "1 to 1,000"),
        ("GET", f"/v1/alerts?after={1 << 80}", None, 422, "next"),
    ],
)
def test_requests_that_cannot_be(start, method, url, body, status, cure):
    found = start(None).ask(method, url, content=body)
    assert (found.status_code, found.headers["content-type"]) == (
        status,
        "application/problem+json",
    )
    assert cure in found.json()["detail"]
