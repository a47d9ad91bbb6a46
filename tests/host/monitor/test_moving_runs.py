"""The runs that moved a statistic: without each of them it is what a monitor of the others has."""

import json

import numpy as np
import pytest

from consilience.monitor.monitor import Monitor
from consilience.monitor.moving_runs import MovedRun, MovingRuns, in_words
from consilience.monitor.settings import monitor_settings
from tests.host.cli.monitor_runs import ran

BIT = 65536


def settings_of(mode):
    rate = {"false_alarm": "1/64"} if mode in ("once", "spread") else {"arl": 64}
    return monitor_settings(2, mode=mode, **rate)


def taken(settings, increments, moving=None):
    """Let a monitor take increments one by one; return its last statistic and the one before."""
    monitor, before, after = Monitor(settings), 0, Monitor(settings).statistic("a")
    for run, one in enumerate(increments):
        state = moving and moving.before(monitor, "a")
        before = after
        after = int(monitor.update(["a"], [one]).statistic[0])
        if moving:
            moving.note("a", run, one, state, after)
    return after, before


@pytest.mark.parametrize("mode", ["restart", "cusum", "once", "spread"])
def test_without_a_run_the_statistic_is_that_of_all_others(mode):
    settings, rng = settings_of(mode), np.random.default_rng(3)
    quiet = rng.integers(-3 * BIT, BIT // 4, (40, 2)).tolist()
    loud = rng.integers(-BIT, 4 * BIT, (12, 2)).tolist()
    moving = MovingRuns(settings)
    start = [] if mode == "once" else quiet
    after, before = taken(settings, start + loud, moving)
    moved = moving.moved("a", after, before)
    assert len(moved) >= 5 and moved == sorted(moved, key=lambda one: one.without)
    for one in moved:
        rest = [row for run, row in enumerate(start + loud) if run != one.run]
        assert taken(settings, rest)[0] == one.without < after
    named = {one.run for one in moved}
    for run in range(len(start), len(start + loud)):
        if run not in named:  # those that did not lead there are not named
            rest = [row for other, row in enumerate(start + loud) if other != run]
            assert taken(settings, rest)[0] >= after or run < min(named)


def test_what_is_kept_is_bounded_goes_on_from_json_and_is_dropped():
    settings, rng = settings_of("restart"), np.random.default_rng(5)
    rows = rng.integers(-BIT // 4, BIT, (300, 2)).tolist()
    moving = MovingRuns(settings)
    after, before = taken(settings, rows, moving)
    moved = moving.moved("a", after, before)
    assert len(moving.facts[0][3]) == 256 and min(one.run for one in moved) >= 44
    strongest = moved[0]
    rest = [row for run, row in enumerate(rows) if run != strongest.run]
    assert taken(settings, rest)[0] == strongest.without
    again = MovingRuns(settings)
    again.restore(json.loads(json.dumps(moving.facts)))
    assert again.moved("a", after, before) == moved
    moving.drop(["a"])
    assert moving.facts == [] and moving.moved("a", after, before) == []


def test_words_name_all_runs_and_which_of_them_decide():
    moved = [MovedRun("x", -(1 << 31)), MovedRun("y", 9 * BIT), MovedRun("z", 11 * BIT)]
    assert in_words(moved, 12 * BIT, 10 * BIT) == (
        "runs x (without it none, no alarm), y (without it 9.0, no alarm), z (without it 11.0) "
        "brought the statistic to 12.0 bits, threshold 10.0"
    )
    assert " and 3 more brought" in in_words(moved * 3, 12 * BIT, 10 * BIT)


@pytest.mark.parametrize("policy", ["latch", "renew"])
def test_an_alarm_names_its_runs_and_a_file_without_one_has_the_statistic_told(
    tmp_path, capsys, policy
):
    bits = [0.2, -1, 3, 2.5, -0.5, 3, 4, 1, 5, 4]
    lines = [{"agent": "a", "run": n, "x1": one} for n, one in enumerate(bits)]
    path, state = tmp_path / "x.jsonl", tmp_path / "state"
    words = ("--asserted", 1, "--threshold-bits", 8, "--policy", policy)

    def told(rows, *more):
        path.write_text("".join(json.dumps(one) + "\n" for one in rows))
        return ran(capsys, path, *words, *more, "--json", "--each")[1][:-1]

    told(lines[:4], "--state", state)
    said = told(lines, "--state", state)
    alarm = next(one for one in said if one.get("alarm") == "agent")
    assert alarm["run"] == 5 and {one["run"] for one in alarm["moved_by"]} >= {2, 3, 5}
    for one in alarm["moved_by"]:
        rest = told([line for line in lines[:6] if line["run"] != one["run"]])
        assert rest[-1]["statistic_bits"] == one["without_bits"]
    assert alarm["why"].startswith("runs ") and "no alarm" in alarm["why"]
    if policy == "renew":  # what led to the first alarm led to no other
        later = [one for one in said if one.get("alarm") == "agent"][1:]
        assert later and all(one["run"] > 5 for last in later for one in last["moved_by"])


def test_an_open_run_is_among_those_that_moved_a_provisional_alarm(tmp_path, capsys):
    events = [{"agent": "a", "run": n, "score": n % 7} for n in range(60)]
    events += [{"agent": "a", "run": f"bad {n}", "score": 99 + n} for n in range(2)]
    events += [
        {"agent": "a", "run": "open", "event": "start"},
        {"agent": "a", "run": "open", "event": "score", "score": 500},
    ]
    path = tmp_path / "s.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in events))
    _, said, _ = ran(capsys, path, "--threshold-bits", 10, "--n0", 50, "--json")
    (alarm,) = said[:-1]
    assert alarm["provisional"]
    assert {"bad 0", "bad 1", "open"} <= {one["run"] for one in alarm["moved_by"]}
    of_open = next(one for one in alarm["moved_by"] if one["run"] == "open")
    assert of_open["without_bits"] == alarm["before_bits"]
