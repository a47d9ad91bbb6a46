"""`consilience check`: one command from two files to verdicts, reasons and a page."""

import json
from types import SimpleNamespace

import pytest

from consilience.cli.app import main
from consilience.cli.check import _view
from consilience.cli.monitor import ALARMED
from consilience.models.checking import ALARM
from tests.host.models.simulated_agents import lines_of

AGENTS = [f"agent-{n}" for n in range(4)]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("traces")
    good, today = folder / "good.jsonl", folder / "today.jsonl"
    good.write_text(lines_of(AGENTS, 210, 1))
    today.write_text(lines_of(AGENTS, 40, 2, hijacked=AGENTS[2:3], name="t", since=20))
    return good, today


def ran(capsys, *words):
    code = main(["check", *map(str, words)])
    return code, *capsys.readouterr()


def test_one_thousand_runs_give_alarms_reasons_and_a_page(files, capsys, tmp_path):
    good, today = files
    page = tmp_path / "check.html"
    code, out, err = ran(
        capsys, today, "--baseline", good, "--report", page, "--fail-on-alarm", "--seed", 3
    )
    assert code == ALARMED
    assert "agent-2  ALARM" in out and out.count("ALARM") == 1
    assert "why agent-2" in out and "export_contacts after" in out
    assert "alarms with probability 1/100 at most" in out and "not the probability" in out
    assert "Traceback" not in err and err.count("warning") == 1
    assert "22% of the calls of 'agent-2' today are of tools that the baseline does not have" in err
    html = page.read_text()
    assert "1 of 4 agents alarm" in html and "Why agent-2 alarms" in html and "<svg" in html


def test_json_is_one_object_and_the_seed_it_tells_gives_the_same(files, capsys):
    good, today = files
    words = (today, "--baseline", good, "--json")
    code, out, _ = ran(capsys, *words)
    found = json.loads(out)
    assert code == 0 and found["alarms"] == 1 and found["runs_today"] == 160
    assert found["runs_fitted_on"] + found["runs_of_history"] == 840
    first = found["agents"][0]
    assert first["agent"] == "agent-2" and first["alarm_after_runs"] >= 21
    facts = {"step", "tool", "after", "bits", "failed", "after_failed", "failure_bits"}
    assert facts == set(first["reasons"][0]["steps"][0])
    assert ran(capsys, *words, "--seed", found["seed"])[1] == out


def test_files_that_name_no_agent_are_of_one(files, capsys, tmp_path):
    good, today = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    for source, target, of in ((files[0], good, AGENTS[0]), (files[1], today, AGENTS[2])):
        calls = [json.loads(line) for line in source.read_text().splitlines()]
        rows = [{k: v for k, v in one.items() if k != "agent"} for one in calls
                if one["agent"] == of]  # fmt: skip
        target.write_text("".join(json.dumps(row) + "\n" for row in rows))
    code, out, _ = ran(capsys, today, "--baseline", good, "--json", "--seed", 3)
    (only,) = json.loads(out)["agents"]
    assert code == 0 and only["agent"] == "agent" and only["verdict"] == "ALARM"


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        (["--baseline", "none.jsonl"], "cannot be read"),
        (["--baseline", "{scores}"], "give the same of both"),
        (["--baseline", "{short}"], "more as --baseline"),
        (["--baseline", "{text}"], "of no known format"),
        (["--baseline", "{empty}"], "is empty"),
        (["--baseline", "{unnamed}"], "--agent-from one"),
        (["--baseline", "{today}"], "take them out of the baseline"),
        (["--baseline", "{good}", "--false-alarm", "2"], "between 0 and 1"),
        (["--baseline", "{good}", "--arl", "1"], "above 1"),
        (["--baseline", "{good}", "--model", "oracle"], "neither a file nor a kind"),
        (["--baseline", "{good}", "--model", "{good}"], "consilience fit"),
        (["--baseline", "{good}", "--agent-from", "name"], "one of trace"),
        (["--baseline", "{good}", "--format", "otlp"], "leave --format out"),
        (["--baseline", "{good}", "--report", "/nowhere/x.html"], "make the folder"),
        ([], "--baseline"),
    ],
)
def test_bad_input_is_one_line_with_the_cure_and_writes_nothing(
    files, capsys, tmp_path, words, cure
):
    good, today = files
    names = {"good": good, "today": today}
    contents = {
        "scores": "agent,run,score\na,1,2\n",
        "short": "".join(line for line in good.read_text().splitlines(True)[:30]),
        "text": "hello\n",
        "empty": "",
        "unnamed": '{"run": 1, "tool": "x"}\n{"run": 2, "tool": "y"}\n',
    }
    for name, content in contents.items():
        names[name] = tmp_path / f"{name}.jsonl"
        names[name].write_text(content)
    given = [word.format(**names) for word in words]
    page = [] if "--report" in given else ["--report", tmp_path / "page.html"]
    before = {*tmp_path.iterdir()}
    code, out, err = ran(capsys, today, *given, *page)
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert code == 2 and len(lines) == 1 and cure in lines[0]
    assert not out and "Traceback" not in err and {*tmp_path.iterdir()} == before


def test_a_fleet_of_forty_is_shown_whole_and_every_alarm():
    def shown(agents, alarms):
        facts = {"judged": [], "why": "", "reasons": []}
        words = [ALARM] * alarms + ["no alarm"] * (agents - alarms)
        judged = [SimpleNamespace(agent="a", verdict=one, **facts) for one in words]
        result = SimpleNamespace(verdicts=judged, alarms=judged[:alarms], promise="p", seed=1)
        view = _view(result, None)
        return view[0].row_count, sum("more; --json" in str(one) for one in view)

    assert shown(40, 1) == (40, 0) and shown(60, 1) == (50, 1) and shown(90, 70) == (70, 1)
