"""`consilience monitor` with frozen tables and models: increments, promises, order, bad input."""

import json

import numpy as np
import pytest

import consilience as cs
from consilience.monitor.source_file import FrozenSource, ModelSource, frozen_text, model_text
from tests.host.cli.monitor_runs import ran

ONE = 1 << 16


def written(path, events):
    path.write_text("".join(json.dumps(one) + "\n" for one in events))
    return path


@pytest.fixture(scope="module")
def table():
    scores = np.arange(2_000) % 1_000 * ONE
    return cs.FrozenTable.fit_scores(scores, [500 * ONE, 900 * ONE, 990 * ONE])


@pytest.fixture
def frozen(tmp_path, table):
    path = tmp_path / "table.json"
    path.write_text(frozen_text(FrozenSource(table)))
    return path


def test_a_frozen_table_judges_agents_from_their_first_run(tmp_path, capsys, table, frozen):
    scores = [5, 400, 950, 995.5, 999, 700, 999, 990]
    path = written(tmp_path / "s.jsonl", [{"agent": "a", "run": n, "score": one}
                                          for n, one in enumerate(scores)])  # fmt: skip
    words = (path, "--frozen", frozen, "--arl", 1024, "--run-alpha", "1/50", "--json", "--each")
    code, said, err = ran(capsys, *words)
    codes = table.increments([0, 0, 2, 3, 3, 1, 3, 3])
    with cs.open("cpu").monitor(2, arl=1024, source="frozen") as mon:
        expected = mon.update(["a"] * 8, codes)
    told = [one for one in said if "observation" in one]
    assert code == 0 and [one["statistic"] for one in told] == expected.statistic.tolist()
    share = table.fields.limits[3] / 2**32
    assert told[3]["moved"]["share_at_most"] == share and 0.01 < share < 0.02
    alarms = [one for one in said if one.get("alarm") == "agent"]
    assert [one["run"] for one in alarms] == expected.alarms.tolist()
    assert alarms[0]["source"] == "frozen"
    assert "with probability 99/100 over the 2,000 runs" in alarms[0]["promise"]
    assert "runs that the table was made of" in alarms[0]["says"]
    assert [one["run"] for one in said if one.get("alarm") == "run"] == [3, 4, 6, 7]
    assert said[-1]["most_bits_of_a_run"] == round(int(table.codes[3].max()) / ONE, 4)
    assert said[-1]["least_runs_to_an_alarm"] == 3
    assert "more runs" not in err and "one run brings" in err


def test_runs_of_a_table_count_in_order_of_starts_and_over_restarts(tmp_path, capsys, frozen):
    slow, fast = {"agent": "a", "run": "slow"}, {"agent": "a", "run": "fast"}
    events = [
        {**slow, "event": "start"},
        {**fast, "score": 999},
        {**slow, "event": "end", "score": 1},
    ]
    path, state = tmp_path / "s.jsonl", tmp_path / "state"
    words = (path, "--frozen", frozen, "--arl", 1024, "--state", state, "--json", "--each")
    written(path, events[:2])
    _, said, err = ran(capsys, *words)
    assert len(said) == 1 and "1 ended runs of 'a' wait for run 'slow'" in err
    written(path, events)
    _, said, _ = ran(capsys, *words)
    assert [one["run"] for one in said[:-1]] == ["slow", "fast"]
    assert [one["moved"]["score"] for one in said[:-1]] == [1.0, 999.0]
    code, _, err = ran(capsys, path, "--arl", 1024, "--state", state)
    assert code == 2 and "other options (source)" in err


def test_a_provisional_alarm_counts_the_open_runs_before_as_the_least(tmp_path, capsys, frozen):
    events = [{"agent": "a", "run": n, "score": 999} for n in range(2)]
    events += [{"agent": "a", "run": f"open {n}", "event": "start"} for n in range(12)]
    events += [{"agent": "a", "run": "next", "event": "start"}]
    events += [{"agent": "a", "run": "next", "event": "score", "score": 999}]
    path = tmp_path / "s.jsonl"
    words = (path, "--frozen", frozen, "--arl", 1024, "--json")
    _, said, _ = ran(capsys, written(path, events), *words[1:])
    assert len(said) == 1  # the open ones may bring the least, below 0
    del events[3:14]
    _, said, _ = ran(capsys, written(path, events), *words[1:])
    assert said[0]["provisional"] and said[0]["run"] == "next"


MODEL = cs.ModelIncrements(
    np.log([[0.1, 0.2, 0.69, 0.01], [0.1, 0.2, 0.69, 0.01]]),
    np.log([[0.1, 0.1, 0.4, 0.4], [0.1, 0.1, 0.4, 0.4]]),
    unseen=0,
    end=1,
)


@pytest.fixture
def model(tmp_path):
    names = ("start", "read"), ("other", "end", "read", "delete")
    path = tmp_path / "model.json"
    path.write_text(model_text(ModelSource(MODEL, *names)))
    return path


CALLS = [("start", "read"), ("read", "delete"), ("read", "what is this"), ("read", None),
         ("start", "delete"), ("read", "delete"), ("read", "delete")]  # fmt: skip


def calls(path, of=CALLS):
    run, lines = 0, ["agent,run,event,context,symbol"]
    for context, symbol in of:
        event = "end" if symbol is None else "call"
        lines.append(f"a,{run},{event},{context},{symbol or ''}")
        run += symbol is None
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_model_judges_calls_and_ends(tmp_path, capsys, model):
    path = calls(tmp_path / "calls.csv")
    code, said, err = ran(capsys, path, "--model", model, "--arl", 1024, "--json", "--each")
    rows = [0, 1, 1, 1, 0, 1, 1]
    columns = [2, 3, 0, 1, 3, 3, 3]
    with cs.open("cpu").monitor(1, arl=1024, source="model") as mon:
        expected = mon.update(["a"] * 7, MODEL.increments(rows, columns))
    told = [one for one in said if "observation" in one]
    assert code == 0 and [one["statistic"] for one in told] == expected.statistic.tolist()
    (alarm,) = [one for one in said if "alarm" in one]
    assert len(expected.alarms) and alarm["line"] == 2 + expected.alarms[0]
    assert alarm["source"] == "model" and "1024 calls and ends of this agent" in alarm["promise"]
    assert "if calls follow the model's p0" in alarm["promise"] and "p0" in alarm["says"]
    assert said[-1]["least_runs_to_an_alarm"] == 2 and "1 runs have not ended" in err


def test_calls_go_on_after_a_restart_and_an_end_counts_once(tmp_path, capsys, model):
    path, state = tmp_path / "calls.csv", tmp_path / "state"
    words = ("--model", model, "--arl", 1024, "--state", state, "--json")
    ran(capsys, calls(path, CALLS[:2]), *words)
    _, said, err = ran(capsys, calls(path, CALLS[:4]), *words)
    assert said[-1]["observations"] == 4 and "have not ended" not in err
    text = path.read_text()
    path.write_text(text + "a,0,end,read,\n")
    _, said, _ = ran(capsys, path, *words)
    assert (said[-1]["observations"], said[-1]["repeated"]) == (4, 1)
    path.write_text(text + "a,0,end,read,\na,0,call,read,read\n")
    code, _, err = ran(capsys, path, *words)
    assert code == 2 and "run '0' of agent 'a' has ended" in err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a,0,call,nowhere,read", "context 'nowhere' is none of the model's"),
        ("a,0,call,,read", "a call needs context and symbol"),
        ("a,0,call,read,", "a call needs context and symbol"),
        ("a,0,end,,", "the end of a run its context"),
        ("a,0,call,read,end", "say it by event end"),
        ("a,,call,read,read", "needs a run"),
        ("a,0,start,read,read", "none of end, call, acknowledge, recalibrate"),
    ],
)
def test_calls_that_cannot_be_are_refused(tmp_path, capsys, model, line, message):
    path = tmp_path / "calls.csv"
    path.write_text(f"agent,run,event,context,symbol\n{line}\n")
    code, said, err = ran(capsys, path, "--model", model, "--arl", 64)
    assert code == 2 and not said and message in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--frozen", "TABLE", "--n0", 60), "--n0: of other sources than --frozen"),
        (("--frozen", "TABLE", "--ties", "full", "--groups"), "--ties, --groups: of other sources"),
        (("--model", "MODEL", "--deadline", 5), "--deadline: of other sources than --model"),
        (("--model", "MODEL", "--run-alpha", "1/9"), "--run-alpha: of other sources"),
        (("--frozen", "TABLE", "--low-is-suspect"), "binned by floor(65536 x), these are by"),
        (("--frozen", "TABLE", "--model", "MODEL"), "two sources"),
        (("--frozen", "MODEL"), "is for --model"),
        (("--model", "TABLE"), "is for --frozen"),
        (("--frozen", "NOTHING"), "cannot be read"),
        (("--frozen", "NO EDGES"), "has no edges"),
    ],
)
def test_sources_that_do_not_fit_are_refused(tmp_path, capsys, frozen, model, words, message):
    files = {"TABLE": frozen, "MODEL": model, "NOTHING": tmp_path / "nothing"}
    files["NO EDGES"] = tmp_path / "no-edges"
    files["NO EDGES"].write_bytes(bytes(cs.FrozenTable.fit([900, 100])))
    path = written(tmp_path / "s.jsonl", [{"agent": "a", "score": 1}])
    code, said, err = ran(capsys, path, "--arl", 64, *(files.get(one, one) for one in words))
    assert code == 2 and not said and message in err
