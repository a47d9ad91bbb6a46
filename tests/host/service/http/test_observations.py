"""Rows in, verdicts out; what is sent twice counts once; what cannot be is named with its cure."""

import gzip
import json

import pytest


def good(count, agent="a"):
    return [{"agent": agent, "run": f"g{i}", "score": i % 7} for i in range(count)]


def test_an_agent_that_turns_bad_alarms_once(start):
    asked = start()
    assert asked.send(*good(60)).json() == {
        "accepted": 60, "duplicates": 0, "too_old": 0, "position": 1, "alarms": [],
    }  # fmt: skip
    assert asked.get("/v1/agents/a")["state"] == "quiet"
    bad = [{"agent": "a", "run": f"b{i}", "score": 50 + i} for i in range(8)]
    assert asked.send(*bad).json()["alarms"] == [1]
    (alarm,) = asked.get("/v1/alarms")["alarms"]
    assert (alarm["id"], alarm["agent"], alarm["kind"]) == (1, "a", "agent")
    assert "not the probability of a hijack" in alarm["says"]
    assert asked.get("/v1/agents/a")["state"] == "alarm"
    assert asked.get("/v1/fleet")["alarm"] == 1
    assert asked.get("/v1/alarms?after=1") == {"alarms": [], "next": 1}
    asked.send({"agent": "a", "event": "acknowledge", "run": "note 1"})
    assert asked.get("/v1/alarms")["alarms"][0]["acknowledged_ms"] is not None
    assert asked.get("/v1/agents/a")["acknowledged"] is True


def test_what_is_sent_twice_counts_once(start):
    asked = start()
    rows = good(20)
    asked.send(*rows)
    assert asked.send(*rows).json()["duplicates"] == 20
    assert asked.get("/v1/status")["observations"] == 20


def test_steps_count_once_in_any_order_and_a_whole_run_after_them_ends_it(start):
    asked = start()
    asked.send(*good(60))

    def step(number, score):
        return {"agent": "a", "run": "r", "step": number, "score": score, "event": "score"}

    assert asked.send(step(2, 3.0), step(1, 1.0), step(2, 9.0)).json()["duplicates"] == 1
    assert asked.send({"agent": "a", "run": "r", "score": 2.0}).json()["accepted"] == 1
    assert asked.send(step(3, 99.0)).json() == {
        "accepted": 0, "duplicates": 1, "too_old": 0, "position": 4, "alarms": [],
    }  # fmt: skip


def test_fields_of_other_logs_are_named_all_at_once_with_what_they_are_called(start):
    asked = start(None)
    right, row = {"agent": "a", "run": 1, "score": 1}, {"agent": "a", "run_id": 2, "ts": 3, "ok": 1}
    for body in ({"json": {"observations": [right, row]}}, {
        "content": "\n".join(map(json.dumps, (right, row))),
        "headers": {"content-type": "application/x-ndjson"},
    }):  # fmt: skip
        found = asked.ask("POST", "/v1/observations", **body).json()
        assert found["row"] == 1 and "see /docs: a row has agent, run, step" in found["detail"]
        assert "and not run_id, ts, ok: rename run_id to run, ts to at (ms)" in found["detail"]
    deep = b'{"observations":[{"agent":"a","x1":' + b"[" * 5000
    assert asked.ask("POST", "/v1/observations", content=deep).status_code == 422


def test_one_bad_row_and_none_is_taken(start):
    asked = start()
    asked.send({"agent": "a", "run": 1, "score": 1})
    found = asked.send({"agent": "b", "run": 1, "score": 1}, {"agent": "a", "run": 1, "score": 2})
    assert (found.status_code, found.json()["row"]) == (422, 1)
    assert found.headers["content-type"] == "application/problem+json"
    assert "has ended before with another score" in found.json()["detail"]
    assert [one["agent"] for one in asked.get("/v1/agents")["agents"]] == ["a"]


@pytest.mark.parametrize(
    ("row", "cure"),
    [
        ({"agent": "a", "score": 1}, "name each run of an agent"),
        ({"agent": "a", "run": 1, "event": "score", "score": 1}, "number the scores of a run"),
        ({"agent": "a", "run": 1}, "give a number, high = suspect"),
        ({"agent": "a", "run": 1, "score": 1e300}, "use a smaller unit"),
        ({"agent": "a\0", "run": 1, "score": 1}, "rename it"),
        ({"agent": "a", "run": 1, "score": "1"}, "see /docs"),
        ({"agent": "a", "run": 1, "scores": 1}, "see /docs"),
        ({"agent": "a", "run": 1, "score": 1, "x": [1]}, "--asserted"),
        ({"agent": "a", "run": 1, "score": 1, "cut": "no"}, "independent, suspected"),
        ({"agent": "a", "run": 1, "score": 1, "group": "g"}, "--groups"),
    ],
)
def test_a_row_that_cannot_be_is_named(start, row, cure):
    found = start(None).send({"agent": "a", "run": 0, "score": 1}, row)
    assert (found.status_code, found.json()["row"]) == (422, 1)
    assert cure in found.json()["detail"]


def test_bodies_packed_as_lines_too_long_or_damaged(start):
    asked = start(None)
    lines = b"\n".join(json.dumps(one).encode() for one in good(5))
    kind = {"content-type": "application/x-ndjson", "content-encoding": "gzip"}

    def posted(content, **headers):
        return asked.ask("POST", "/v1/observations", content=content, headers=headers)

    assert posted(gzip.compress(lines), **kind).json()["accepted"] == 5
    assert posted(gzip.compress(lines)[:-9], **kind).status_code == 400
    assert posted(gzip.compress(bytes(17 << 20)), **kind).status_code == 413
    assert posted(bytes((1 << 20) + 1)).status_code == 413
    assert posted(b"{}", **{"content-type": "text/html"}).status_code == 415
    assert posted(b"[" * 100_000).status_code == 422
    assert posted(b"\xff\xfe").status_code == 422
    assert posted(b'{"observations": []}').status_code == 422


def test_a_state_goes_on_and_says_what_it_was(start):
    first = start()
    first.send(*good(70), *good(3, "b"))
    digest = first.get("/v1/fleet")["digest"]
    first.service.close()
    again = start()
    assert again.get("/v1/fleet")["digest"] == digest
    assert again.send(*good(70)).json()["duplicates"] == 70


def test_what_keeps_nothing_says_so_in_every_answer(start):
    asked = start(None)
    assert asked.send(*good(1)).json()["volatile"] is True
    for url in ("/v1/agents", "/v1/agents/a", "/v1/alarms", "/v1/fleet", "/v1/status", "/readyz"):
        assert asked.get(url)["volatile"] is True, url


def test_pages_of_agents_by_state(start):
    """Those that learn, those that are quiet, those in alarm: each once, whoever asks how."""
    asked = start()
    asked.send(*good(60), *good(60, "b"), *good(3, 7), *good(2, "c"))
    asked.send(*({"agent": "b", "run": f"x{n}", "score": 90 + n} for n in range(8)))
    fleet = asked.get("/v1/fleet")
    assert [fleet[one] for one in ("alarm", "quiet", "learning")] == [1, 1, 2]
    for state, names in (("alarm", ["b"]), ("quiet", ["a"]), ("learning", [7, "c"])):
        page = asked.get(f"/v1/agents?state={state}")
        assert [one["agent"] for one in page["agents"]] == names
        assert {one["state"] for one in page["agents"]} == {state}
    first = asked.get("/v1/agents?limit=3")
    assert len(first["agents"]) == 3
    rest = asked.get(f"/v1/agents?after={first['next']}")
    assert ([one["agent"] for one in rest["agents"]], rest["next"]) == (["c"], None)
    assert asked.get("/v1/agents/7")["runs"] == 3
    assert fleet["digest_position"] == fleet["position"] == 2


def test_a_run_that_does_not_end_is_told_and_too_many_are_refused(start):
    """An agent with one was shown as quiet, and none of its runs was judged any more."""
    asked = start()
    asked.send(*good(60))
    asked.send({"agent": "a", "run": "stuck", "event": "start"})
    asked.send(*({"agent": "a", "run": f"r{i}", "score": i % 7} for i in range(1998)))
    found = asked.get("/v1/agents/a")
    assert (found["waiting_runs"], found["waits_for"], found["runs"]) == (1998, "stuck", 60)
    assert asked.get("/v1/fleet")["held_up"] == 1
    assert "consilience_histories_held_up 1.0" in asked.ask("GET", "/metrics").text
    more = [{"agent": "a", "run": f"more{i}", "score": 1} for i in range(3)]
    refused = asked.send({"agent": "b", "run": 1, "score": 1}, *more)
    assert (refused.status_code, refused.json().get("row")) == (422, 2), refused.text
    assert "1,999 runs of agent 'a' are open or wait" in refused.json()["detail"]
    assert asked.send({"agent": "a", "run": "stuck", "event": "end"}, *more[:1]).status_code == 200
    assert asked.get("/v1/agents/a")["waiting_runs"] == 0
    assert asked.send({"agent": "b", "run": 1, "score": 1}, *more).json()["duplicates"] == 1
