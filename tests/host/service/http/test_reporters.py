"""Reporters of whom some lie, over HTTP: the bits of `consilience monitor --faulty`."""

import json
import random

import pytest

from consilience.monitor.watch_folder import WatchFolder
from consilience.monitor.watch_options import WatchOptions
from tests.host.cli.monitor_runs import ran
from tests.host.service.disk_copy import copy_of_disk

N, F, N0 = 9, 2, 50
OPTIONS = WatchOptions(arl="1000", n0=N0, faulty=F, reporters=N)
WORDS = ("--faulty", F, "--reporters", N, "--arl", 1000, "--n0", N0)


def reports(runs=90, bad_from=70):
    """Two agents, the second hijacked; r0 and r1 say the opposite, r8 is silent now and then."""
    chance, rows = random.Random(1), []
    for run in range(runs):
        for agent in ("good", "bad"):
            truth = chance.gauss(0, 1) + (4 if agent == "bad" and run >= bad_from else 0)
            silent = run % 10 == 3
            for one in range(N - silent):
                said = -truth if one < F else truth + chance.gauss(0, 0.3)
                rows.append(
                    {"agent": agent, "run": run, "reporter": f"r{one}", "score": round(said, 3)}
                )
            if silent:
                rows.append({"agent": agent, "run": run, "event": "end"})
    return rows


def sent(asked, rows, size=100):
    for start in range(0, len(rows), size):
        found = asked.send(*rows[start : start + size])
        assert found.status_code == 200, found.text


def judged_by_monitor(tmp_path, capsys, seed, rows):
    folder = tmp_path / "monitor"
    with WatchFolder(folder) as made:
        (made.path / "seed").write_text(f"{seed}\n")
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    code, said, err = ran(capsys, path, *WORDS, "--each", "--json", "--state", folder)
    assert code == 0, err
    with WatchFolder(folder) as kept:
        return said, kept.saved


def test_the_bits_are_those_of_monitor_and_liars_are_named(start, tmp_path, capsys):
    asked, rows = start(options=OPTIONS), reports()
    sent(asked, rows)
    sent(asked, rows)  # counts once
    (*said, end), saved = judged_by_monitor(tmp_path, capsys, asked.service._folder.seed, rows)
    watch = asked.service.state.watch
    assert (bytes(watch.monitor), bytes(watch.ranking)) == (saved.monitor, saved.ranks)
    alarms = asked.get("/v1/alarms")["alarms"]
    theirs = [one for one in said if "alarm" in one]
    assert len(alarms) == len(theirs) > 0
    for mine, other in zip(alarms, theirs, strict=True):
        for name in ("agent", "run", "provisional", "statistic_bits", "moved_by", "reporters",
                     "why", "promise"):  # fmt: skip
            assert mine[name] == other[name]
    for agent in ("good", "bad"):
        history = [one["statistic_bits"] for one in asked.get(f"/v1/agents/{agent}")["history"]]
        each = [one["statistic_bits"] for one in said
                if "observation" in one and one["agent"] == agent]  # fmt: skip
        assert history[N0:] == each
    found = asked.get("/v1/reporters?contradicting=true")
    assert [one["reporter"] for one in found["reporters"]] == ["r0", "r1"]
    assert [one["reporter"] for one in end["reporters"]["contradicting"]] == ["r0", "r1"]
    worst = found["reporters"][0]
    assert worst["contradicts"] > worst["agrees"] and worst["outside"] > worst["reports"] // 3
    assert {one["reporter"] for one in worst["against"]} == {f"r{one}" for one in range(2, N)}
    assert abs(worst["last_seen_ms"] - asked.get("/v1/agents/bad")["last_seen_ms"]) < 60_000
    assert (found["faulty"], found["enrolled"], found["known"]) == (F, N, N)
    metrics = asked.ask("GET", "/metrics").text
    assert "consilience_reporters_contradicting 2.0" in metrics


def test_an_alarm_says_which_reporters_moved_it(start):
    asked = start(options=OPTIONS)
    sent(asked, reports())
    found = asked.get("/v1/agents/bad")
    voices = found["alarms"][0]["reporters"]
    assert {one["reporter"] for one in voices} <= {f"r{one}" for one in range(2, N)}
    assert max(one["runs"] for one in voices) <= len(found["alarms"][0]["moved_by"])
    assert (
        f"reporters that said as much, and of how many of these runs: {voices[0]['reporter']}"
        in (found["reasons"][0])
    )


def test_a_service_goes_on_between_the_reports_of_a_run(start, tmp_path):
    rows, whole = reports(), start("whole", options=OPTIONS)
    copy_of_disk(tmp_path / "whole", tmp_path / "part")  # with the same chances
    part = start("part", options=OPTIONS)
    for end in (700, 1000):  # by a snapshot; by the log alone
        sent(part, rows[:end])
        if end == 1000:
            part.service._keeper.write_snapshot = lambda: None
        part.service.close()
        part = start("part", options=OPTIONS)
        assert part.get("/v1/reporters")["open_runs"] == 1
    sent(part, rows)
    sent(whole, rows)

    def facts(asked):
        found = asked.get("/v1/reporters")
        left_out = "last_seen_ms", "reports_of_ended_runs"
        who = [{name: one for name, one in reporter.items() if name not in left_out}
               for reporter in found.pop("reporters")]  # fmt: skip
        alarms = asked.get("/v1/alarms")["alarms"]
        return (
            asked.get("/v1/fleet")["digest"],
            [{**one, "at_ms": 0, "position": 0, "log_index": 0} for one in alarms],
            who,
        )

    assert facts(part) == facts(whole)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"score": 1}, "a row with a reporter is all it says"),
        ({"reporter": "r0", "score": 1, "event": "score", "step": 1}, "speaks once of a run"),
        ({"reporter": "r0", "score": 1, "step": 1}, "without step"),
        ({"reporter": "r0", "score": 2}, "has said something else of run 'x'"),
        ({"reporter": "r9", "score": 2}, "one more than --reporters 9"),
        ({"run": "y", "event": "end"}, "has no report"),
        ({"event": "end", "score": 1}, "a score is of a reporter"),
        ({"reporter": True, "score": 1}, "Expected `int | str"),
        ({"reporter": "z", "event": "acknowledge"}, "leave reporter out"),
        ({"reporter": "z" * 9_000, "score": 1}, "... zzz"),
    ],
)
def test_a_row_that_cannot_be_takes_none_with_it(start, row, words):
    asked = start(options=OPTIONS)
    sent(asked, [{"agent": "a", "run": "x", "reporter": f"r{one}", "score": 1} for one in range(8)])
    asked.send({"agent": "a", "run": "z", "reporter": "r8", "score": 1})
    good = {"agent": "a", "run": "new", "reporter": "r1", "score": 1}
    found = asked.send(good, {"agent": "a", "run": "x", **row})
    assert (found.status_code, found.json()["row"]) == (422, 1)
    assert words in found.json()["detail"] and len(found.text) < 3_000
    assert len(asked.get("/v1/reporters")["reporters"]) == 9
    assert asked.send(good).json()["accepted"] == 1


def test_within_one_body_reports_repeat_close_and_come_late(start):
    asked = start(options=WatchOptions(arl="1000", n0=50, faulty=0, reporters=2))
    one, two = ({"agent": "a", "run": 1, "reporter": name, "score": 1} for name in ("p", "q"))
    found = asked.send(one, one, {"agent": "a", "run": 1, "event": "start"}, two, two, one).json()
    assert (found["accepted"], found["duplicates"]) == (2, 4)
    assert asked.get("/v1/reporters")["reports_of_ended_runs"] == 2
    assert asked.get("/v1/agents/a")["runs"] == 1


def test_increments_and_evidence_have_reporters_too(start):
    asserted = start(options=WatchOptions(threshold_bits="8", asserted=1, faulty=1, reporters=4))
    rows = [{"agent": "a", "run": run, "reporter": one, "x": [4 if one else -4]}
            for run in range(6) for one in range(4)]  # fmt: skip
    sent(asserted, rows)
    (alarm,) = asserted.get("/v1/alarms")["alarms"]
    assert {one["reporter"] for one in alarm["reporters"]} == {1, 2, 3}
    assert asserted.get("/v1/reporters")["reporters"][0]["alone"] == 6
    assert asserted.send({"agent": "a", "run": 99, "event": "start"}).status_code == 422
    likely = start("likely", WatchOptions(arl="1000", against="good", faulty=0, reporters=1))
    row = {"agent": "a", "run": 1, "reporter": "p", "good": -1, "bad": -2}
    found = likely.ask("POST", "/v1/evidence", json={"evidence": [row]})
    assert (found.status_code, found.json()["accepted"]) == (200, 1)


def test_without_reporters_there_are_none_and_a_row_with_one_is_refused(start, tmp_path):
    asked = start()
    assert asked.get("/v1/reporters")["reporters"] == []
    found = asked.send({"agent": "a", "run": 1, "score": 1, "reporter": "r"})
    assert found.status_code == 422 and "--faulty F --reporters N" in found.json()["detail"]
    with pytest.raises(ValueError, match="no reporter vouches"):
        start("other", OPTIONS, model=tmp_path / "model.json")
    with pytest.raises(ValueError, match="--faulty F"):
        start("third", WatchOptions(arl="1000", reporters=4))
