"""An agent that is gone for good is forgotten: now, after a kill, and by a replay of the log."""

import shutil

from consilience.monitor.watch_options import WatchOptions
from tests.host.service.alerts.test_alerting import BAD, GOOD, until
from tests.host.service.test_recovery import killed


def named(agent, rows):
    return ({**one, "agent": agent} for one in rows)


def test_it_is_as_if_it_had_never_been_heard_also_for_a_replay(start, webhook, receiver, tmp_path):
    asked = start(targets=[webhook()])
    for agent in ("a", 7, "c"):
        asked.send(*named(agent, GOOD))
    kept = asked.get("/v1/agents/c")
    asked.send(*named(7, BAD), {"agent": 7, "run": "open", "event": "score", "step": 0, "score": 1})
    until(lambda: receiver.posts)
    killed(tmp_path, "state", "before")

    assert asked.ask("DELETE", "/v1/agents/7").json()["removed"] is True
    until(lambda: len(receiver.posts) == 2)
    assert receiver.told[1][0] == "alarm.resolved"
    state = asked.service.state
    assert [len(state.watch.monitor), state.watch.ranking.agents, len(state.steps)] == [2, 2, 0]
    assert asked.ask("GET", "/v1/agents/7").status_code == 404
    assert asked.ask("DELETE", "/v1/agents/7").status_code == 404
    assert asked.get("/v1/agents/c") == kept
    assert [one["agent"] for one in asked.get("/v1/agents")["agents"]] == ["a", "c"]
    assert [one["agent"] for one in asked.get("/v1/alarms")["alarms"]] == [7]
    assert asked.service.history(7) == []
    asked.send({"agent": 7, "run": "new", "score": 3})
    assert [one["run"] for one in asked.get("/v1/agents/7")["history"]] == ["new"]
    assert asked.get("/v1/agents/7")["state"] == "learning"
    expected = asked.get("/v1/fleet")["digest"], asked.get("/v1/agents")

    after = killed(tmp_path, "state", "after")
    replayed = tmp_path / "replayed"
    shutil.copytree(after, replayed)
    for one in replayed.glob("*.db*"):
        one.unlink()
    for name in ("after", "replayed"):
        again = start(name)
        assert (again.get("/v1/fleet")["digest"], again.get("/v1/agents")) == expected
        assert [one["run"] for one in again.get("/v1/agents/7")["history"]] == ["new"]
    asked.service.close()  # and from its snapshot
    again = start()
    assert (again.get("/v1/fleet")["digest"], again.get("/v1/agents")) == expected


def test_pages_pass_over_none_when_one_is_removed_meanwhile(start):
    asked = start()
    asked.send(*({"agent": f"a{n}", "run": 1, "score": 1} for n in range(6)))
    first = asked.get("/v1/agents?limit=3")
    for agent in ("a1", "a3"):
        asked.ask("DELETE", f"/v1/agents/{agent}")
    asked.service.close()
    asked = start()
    asked.send({"agent": "a6", "run": 1, "score": 1})
    rest = asked.get(f"/v1/agents?after={first['next']}")
    assert [one["agent"] for one in rest["agents"]] == ["a4", "a5", "a6"]
    assert rest["next"] is None


def test_a_fleet_has_room_again(start):
    asked = start(None, WatchOptions(false_alarms_per_day="1", runs_per_day=1, agents=2, n0=50))
    asked.send({"agent": "a", "run": 1, "score": 1}, {"agent": "b", "run": 1, "score": 1})
    assert asked.send({"agent": "c", "run": 1, "score": 1}).status_code == 422
    asked.ask("DELETE", "/v1/agents/a")
    assert asked.send({"agent": "c", "run": 1, "score": 1}).status_code == 200


def test_a_member_of_a_group_leaves_its_scores_and_no_open_run(start):
    asked = start(None, WatchOptions(arl="1000", n0=50, groups=True))
    rows = [{"agent": "a", "group": "g", "run": n, "score": n % 7} for n in range(60)]
    asked.send(*rows, {"agent": "b", "group": "g", "run": 1, "event": "start"})
    found = asked.ask("DELETE", "/v1/agents/b")
    assert found.status_code == 422
    assert "has open runs in the history of group 'g'; end them first" in found.json()["detail"]
    asked.send({"agent": "b", "group": "g", "run": 1, "event": "end", "score": 1})
    assert asked.ask("DELETE", "/v1/agents/b").status_code == 200
    assert asked.ask("DELETE", "/v1/agents/a").status_code == 200
    asked.send({"agent": "d", "group": "g", "run": 1, "score": 3})
    assert asked.get("/v1/agents/d")["state"] == "quiet"
