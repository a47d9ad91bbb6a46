"""`consilience monitor`: what each view promises, groups, fleets that grow."""

import random

import pytest

from tests.host.cli.monitor_runs import ran

FULL = ("--ties", "full")


def scores_of(path, groups, runs=160, bad_from=150):
    """Write runs of the agents of groups; the first of each goes bad."""
    chance = random.Random(6)
    lines = ["agent,run,score,group"]
    for run in range(runs):
        for group, agents in groups.items():
            for agent in range(agents):
                score = chance.gauss(4 if agent == 0 and run >= bad_from else 0, 1)
                lines.append(f"{group}{agent},{run},{score:.3f},{group}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def scores(tmp_path):
    return scores_of(tmp_path / "scores.csv", {"eu": 2, "us": 1})


def test_what_runs_can_say_is_shown_and_is_what_alarms_take(tmp_path, capsys):
    """Five bits at N = 101, and three runs to ten bits, as the contract has it."""
    path = tmp_path / "scores.csv"
    path.write_text("agent,score\n" + "".join(f"a,{n}\n" for n in range(110)))
    for bits, runs in ((10, 3), (20, 5), (4, 1), (5, 2)):
        words = ("--threshold-bits", bits, *FULL, "--json")
        _, said, err = ran(capsys, path, *words)
        assert said[-1]["most_bits_of_a_run"] == 4.9937
        assert said[-1]["least_runs_to_an_alarm"] == runs
        assert (
            f"one run brings 4.99 bits at most (more as it grows), and an alarm takes {runs}" in err
        )
        (alarm,) = said[:-1]  # each of these runs says the most that it can
        assert alarm["line"] == 1 + 100 + runs


def test_the_most_that_runs_can_say_with_bad_ones_in_the_history(tmp_path, capsys):
    path = tmp_path / "scores.csv"
    path.write_text("agent,score\n" + "".join(f"a,{n}\n" for n in range(130)))
    _, said, _ = ran(capsys, path, "--threshold-bits", 9, *FULL, "--contaminated", 3, "--json")
    assert said[-1]["most_bits_of_a_run"] < 4
    assert said[0]["line"] == 1 + 100 + said[-1]["least_runs_to_an_alarm"]


def test_the_budget_is_shown_in_one_table(scores, tmp_path, capsys):
    page = tmp_path / "page.html"
    words = ("--false-alarms-per-day", 1, "--agents", 200, "--runs-per-day", 50, *FULL)
    words = (*words, "--run-alpha", "budget", "--fleet-alpha", "1/100", "--group-agents", "eu=20")
    _, said, err = ran(capsys, scores, *words, "--json", "--report", page)
    assert [one["view"] for one in said[-1]["views"]] == ["run", "agent", "fleet", "group eu"]
    assert [one["a_day"] for one in said[-1]["views"]] == ["0.5", "0.5", "", ""]
    for text in (err, page.read_text()):
        for words in ("at most 1/20000 of good runs", "false a day", "of 200", "of 20"):
            assert words in text
    assert "one run brings 4.99 bits at most" in page.read_text()


def test_groups_are_read_by_themselves_as_if_each_were_a_fleet(scores, tmp_path, capsys):
    page = tmp_path / "page.html"
    words = (
        "--arl",
        "1e9",
        *FULL,
        "--fleet-alpha",
        "1/20",
        "--fleet-every",
        60,
        "--agents",
        10**12,
    )
    words = (*words, "--agents", 10**12, "--group-agents", "eu=2,us=1", "--json")
    _, said, _ = ran(capsys, scores, *words, "--report", page)
    readings = [one for one in said if one.get("alarm") == "group"]
    assert {(one["group"], *one["named"]) for one in readings} == {("eu", "eu0"), ("us", "us0")}
    assert all("of those named 1/20 behave at most" in one["promise"] for one in readings)
    last = said[-1]
    assert last["named_in_groups"] == {"eu": ["eu0"], "us": ["us0"]} and last["named"] == []
    assert "named by group eu" in page.read_text()
    # Alone, with the agents of that group alone: the same names.
    alone = scores_of(tmp_path / "us.csv", {"eu": 2, "us": 1})
    lines = alone.read_text().splitlines(keepends=True)
    alone.write_text("".join(x for x in lines if x.startswith(("agent", "us"))))
    words = ("--arl", "1e9", *FULL, "--fleet-alpha", "1/20", "--agents", 1, "--json")
    _, said, _ = ran(capsys, alone, *words, "--group-agents", "us=1")
    assert said[-1]["named"] == ["us0"]


def test_groups_go_on_with_the_state(scores, tmp_path, capsys):
    words = ("--arl", "1e9", *FULL, "--fleet-alpha", "1/20", "--group-agents", "eu=2", "--json")
    text = scores.read_text()
    _, whole, err = ran(capsys, scores, *words)
    assert "groups not read by themselves: us" in err
    state = tmp_path / "state"
    scores.write_text(text[: text.index("\n", 2000) + 1])
    ran(capsys, scores, *words, "--state", state)
    scores.write_text(text)
    _, parts, _ = ran(capsys, scores, *words, "--state", state)
    assert parts[-1]["named_in_groups"] == whole[-1]["named_in_groups"] == {"eu": ["eu0"]}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--group-agents", "eu=2"), "need --fleet-alpha"),
        (("--fleet-alpha", "1/9", "--group-agents", "eu"), "as europe=120,asia=80"),
        (("--fleet-alpha", "1/9", "--group-agents", "eu=0"), "as europe=120,asia=80"),
        (("--fleet-alpha", "1/9", "--group-agents", "a=1,a=2"), "as europe=120,asia=80"),
        (("--fleet-alpha", "1/9", "--agents", 3, "--group-agents", "a=2,b=2"), "are 4 together"),
        (("--fleet-alpha", "1/9", "--group-agents", "eu=1"), "more than the 1 agents"),
    ],
)
def test_groups_that_cannot_be_are_refused(scores, capsys, words, message):
    code, _, err = ran(capsys, scores, "--arl", 64, *FULL, *words)
    assert code == 2 and message in err


def test_an_agent_stays_in_its_group(tmp_path, capsys):
    path = tmp_path / "scores.csv"
    path.write_text("agent,score,group\na,1,eu\na,1,us\n")
    words = ("--arl", 64, *FULL, "--fleet-alpha", "1/9", "--group-agents", "eu=5,us=5")
    code, _, err = ran(capsys, path, *words)
    assert code == 2 and "line 3: agent 'a' was in group 'eu'" in err


def test_a_fleet_grows_and_never_shrinks(scores, tmp_path, capsys):
    text = "".join(f"{line.rpartition(',')[0]}\n" for line in scores.read_text().splitlines())
    scores.write_text(text)
    state = tmp_path / "state"
    daily = ("--false-alarms-per-day", 1, "--runs-per-day", 10, *FULL, "--state", state, "--json")
    other = tmp_path / "other"
    code, _, err = ran(capsys, scores, *daily[:-2], other, "--json", "--agents", 2)
    assert code == 2 and "line 304: agent 'us0' is one more than the 2 agents" in err
    assert "a larger --agents" in err
    words = (*daily[:-2], other, "--json", "--agents")
    _, told, _ = ran(capsys, scores, *words, 3)  # what was refused counts once, when it may
    assert told[-1]["runs"] == 480
    _, before, _ = ran(capsys, scores, *daily, "--agents", 4)
    more = (*daily, "--agents", 40, "--fleet-alpha", "1/5")
    scores.write_text(text + "new,1,0.5\n")
    _, after, err = ran(capsys, scores, *more)
    assert "the fleet has 40 agents from here on; the threshold is 8.64 bits (5.32 before)" in err
    assert after[-1]["threshold_bits"] - before[-1]["threshold_bits"] == pytest.approx(
        3.32, abs=0.01
    )
    assert after[-1]["runs"] == before[-1]["runs"] + 1 and "eu0" in after[-1]["named"]
    _, again, err = ran(capsys, scores, *more)
    assert "the fleet has" not in err and again[-1]["named"] == after[-1]["named"]
    code, _, err = ran(capsys, scores, *daily, "--agents", 39)
    assert code == 2 and "give --agents 40 or more" in err
    code, _, err = ran(capsys, scores, *more[:1], 2, *more[2:])
    assert code == 2 and "give the same (false_alarms_per_day was 1)" in err


def test_a_line_that_was_refused_leaves_no_group(tmp_path, capsys):
    path, state = tmp_path / "scores.csv", tmp_path / "state"
    words = ("--arl", 64, *FULL, "--fleet-alpha", "1/9", "--group-agents", "eu=5,us=5")
    words = (path, *words, "--state", state, "--json")
    path.write_text("agent,score,group,at\nb,1,eu,5\na,1,eu,x\n")
    assert ran(capsys, *words)[0] == 2
    path.write_text("agent,score,group,at\nb,1,eu,5\na,1,us,5\nb,1,eu,4\n")
    code, _, err = ran(capsys, *words)
    assert code == 2 and "line 4: the clock goes back" in err
    path.write_text("agent,score,group,at\nb,1,eu,5\na,1,us,5\nc,1,us,5\n")
    code, said, _ = ran(capsys, *words)
    assert code == 0 and said[-1]["runs"] == 3


def test_a_group_may_grow_and_not_shrink_and_readings_may_change(scores, tmp_path, capsys):
    words = ("--arl", 64, *FULL, "--state", tmp_path / "state", "--json", "--fleet-alpha")
    ran(capsys, scores, *words, "1/20", "--group-agents", "eu=4,us=1", "--agents", 9)
    code, _, err = ran(capsys, scores, *words, "1/20", "--group-agents", "eu=3", "--agents", 9)
    assert code == 2 and "give --group-agents eu=4 or more" in err
    code, _, err = ran(capsys, scores, *words, "1/20", "--group-agents", "eu=4,us=1")
    assert code == 2 and "9 agents are enrolled" in err and "give --agents 9 or more" in err
    code, said, err = ran(capsys, scores, *words, "1/50", "--group-agents", "eu=5", "--agents", 9)
    assert code == 0 and "the fleet is read otherwise from here on" in err
    assert list(said[-1]["named_in_groups"]) == ["eu"] and "the fleet has" not in err


def test_more_runs_than_anybody_waits_for_and_probabilities_for_ever(scores, capsys):
    words = ("--mode", "once", "--false-alarm", "1/1000", "--groups", "--json")
    _, said, _ = ran(capsys, scores, *words)
    assert "probability 1/1000 at most" in said[-1]["views"][0]["promise"]
    assert said[-1]["views"][0]["a_day"] == "" and said[-1]["least_runs_to_an_alarm"] == 3
    words = ("--threshold-bits", 32766, "--groups", "--kappas", "3/4", "--json")
    _, said, err = ran(capsys, scores, *words)
    assert said[-1]["least_runs_to_an_alarm"] is None and "more than 4,096 runs" in err
