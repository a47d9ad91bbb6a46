"""`consilience fit`, `score` and `calibrate`: from traces to what monitor and fuse read."""

import csv
import json
import random

import pytest

from consilience.cli.app import main
from consilience.models.model_file import read_model
from tests.host.models.simulated_agents import lines_of

AGENTS = [f"a{n}" for n in range(8)]
BAD = AGENTS[::2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fit")
    (folder / "traces.jsonl").write_text(lines_of(AGENTS, 30, 1, hijacked=BAD, since=15))
    rows = ["agent,run,label"]
    for agent in AGENTS:
        rows += [f"{agent},r{n},{'hijacked' if agent in BAD and n >= 15 else 'benign'}"
                 for n in range(30)]  # fmt: skip
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    (folder / "good.jsonl").write_text(lines_of(AGENTS[:1], 200, 7, name="g"))
    (folder / "scores.csv").write_text(
        "agent,run,score\n" + "".join(f"a,{n},{n % 37 / 10}\n" for n in range(1400))
    )
    (folder / "judged.csv").write_text(
        "agent,run,score\n" + "".join(f"a,{n},{n % 7 / 7}\n" for n in range(40))
    )
    words = ["fit", "traces.jsonl", "--labels", "labels.csv", "--date", "2026-11-28"]
    assert main([*(str(folder / one) if "." in one and "-" not in one else one for one in words),
                 "--out", str(folder / "model.json")]) == 0  # fmt: skip
    return folder


def ran(capsys, command, *words):
    code = main([command, *map(str, words)])
    return code, *capsys.readouterr()


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_fit_says_what_it_did_and_twice_the_same(folder, capsys, tmp_path):
    words = [folder / "traces.jsonl", "--labels", folder / "labels.csv", "--date", "2026-11-28"]
    code, out, _ = ran(capsys, "fit", *words, "--out", tmp_path / "m.json", "--json")
    found = json.loads(out)
    assert code == 0 and found["labels"] == {"benign": 180, "hijacked": 60}
    assert found["log_loss"] < 0.05 and 0 < found["weight"] <= 65536
    assert (tmp_path / "m.json").read_bytes() == (folder / "model.json").read_bytes()
    training = read_model(tmp_path / "m.json", "chain").training
    assert training.date == "2026-11-28" and training.agents == 8
    assert list(training.files) == ["traces.jsonl"] and training.formats == ("calls",)


def test_evidence_goes_through_fuse(folder, capsys, tmp_path):
    model = folder / "model.json"
    words = ["--model", model, "--write", "evidence", "--by-run", "--json"]
    code, out, _ = ran(
        capsys, "score", folder / "traces.jsonl", *words, "--out", tmp_path / "e.csv"
    )
    prior = json.loads(out)["prior"]
    assert code == 0 and prior.startswith("benign=")
    code, _, err = ran(capsys, "fuse", tmp_path / "e.csv", "--prior", prior,
                       "--out", tmp_path / "v.csv")  # fmt: skip
    assert code == 0 and "warning" not in err
    found = {row["agent"]: row["decision"] for row in rows_of(tmp_path / "v.csv")}
    right = sum(
        (decision == "hijacked") == (name.split("/")[0] in BAD and int(name.split("/r")[1]) >= 15)
        for name, decision in found.items()
    )
    assert right >= 0.97 * len(found) and len(found) == 240


def test_scores_and_whole_runs_go_through_the_monitor(folder, capsys, tmp_path):
    code, _, _ = ran(capsys, "fit", folder / "good.jsonl", "--out", tmp_path / "null.json")
    assert code == 0 and read_model(tmp_path / "null.json").labels == ("normal",)
    today = tmp_path / "today.jsonl"
    today.write_text(lines_of(AGENTS[:2], 150, 9, hijacked=AGENTS[:1], since=120))
    model = tmp_path / "null.json"
    for write in ("scores", "steps"):
        out = tmp_path / f"{write}.csv"
        code, _, _ = ran(capsys, "score", today, "--model", model, "--write", write, "--out", out)
        assert code == 0
        code, said, err = ran(capsys, "monitor", out, "--arl", 1000, "--ties", "full")
        alarms = [json.loads(line) for line in said.splitlines() if '"alarm": "agent"' in line]
        assert code == 0 and {one["agent"] for one in alarms} == {"a0"}, err
        assert int(alarms[0]["run"][1:]) >= 120
    runs = tmp_path / "runs.parquet"
    words = [folder / "traces.jsonl", "--model", folder / "model.json", "--write", "runs"]
    assert ran(capsys, "score", *words, "--out", runs)[0] == 0
    assert ran(capsys, "monitor", runs, "--arl", 1000, "--against", "benign", "--n0", 50)[0] == 0


def test_scores_become_a_frozen_table(folder, capsys, tmp_path):
    table = tmp_path / "table.frozen"
    code, out, _ = ran(capsys, "calibrate", folder / "scores.csv", "--out", table, "--json")
    found = json.loads(out)
    assert code == 0 and found["runs"] == 1400 and found["counted"] == 1120
    assert found["bins"] > 3 and found["most_bits"] > 0
    code, _, err = ran(capsys, "monitor", folder / "scores.csv", "--frozen", table, "--arl", 9)
    assert code == 0, err
    given = tmp_path / "given.frozen"
    code, out, _ = ran(capsys, "calibrate", folder / "scores.csv", "--edges", "1,2,3.5",
                       "--out", given, "--json")  # fmt: skip
    assert code == 0 and json.loads(out)["counted"] == 1400 and json.loads(out)["bins"] == 4


def test_a_judges_scores_are_calibrated_by_labels(capsys, tmp_path):
    chance = random.Random(2)
    scores, labels = ["run,step,score"], ["run,label"]
    for run in range(120):
        bad = run % 3 == 0
        scores += [f"{run},{step},{chance.gauss(0.6 if bad else 0.4, 0.1):.3f}"
                   for step in range(3)]  # fmt: skip
        labels.append(f"{run},{'bad' if bad else 'good'}")
    (tmp_path / "s.csv").write_text("\n".join(scores))
    (tmp_path / "l.csv").write_text("\n".join(labels))
    code, out, _ = ran(capsys, "fit", tmp_path / "s.csv", "--labels", tmp_path / "l.csv",
                       "--model", "scores", "--out", tmp_path / "m.json", "--json")  # fmt: skip
    assert code == 0 and json.loads(out)["log_loss"] < 0.5


BAD_INPUT = [
    ("fit", ["{traces}", "--labels", "none.csv"], "check the path"),
    ("fit", ["{traces}", "--labels", "{empty}"], "run,label"),
    ("fit", ["{traces}", "--labels", "{headless}"], "run,label"),
    ("fit", ["{traces}", "--labels", "{unknown}"], "is not in the traces"),
    ("fit", ["{traces}", "--labels", "{some}"], "--partial"),
    ("fit", ["{traces}", "--labels", "{one}", "--partial"], "leave --labels out"),
    ("fit", ["{traces}", "--labels", "{twice}"], "has two labels"),
    ("fit", ["{traces}", "--labels", "{nan}"], "no run or no label"),
    ("fit", ["{traces}", "--labels", "{odd}", "--partial"], "--good"),
    ("fit", ["{traces}", "--labels", "{labels}", "--good", "fine"], "no such label"),
    ("fit", ["{traces}", "--good", "fine"], "give these too"),
    ("fit", ["{traces}", "--model", "oracle"], "there are chain"),
    ("fit", ["{traces}", "--model", "scores"], "choose another --model"),
    ("fit", ["{traces}", "--model", "counts", "--order", "2"], "of models of kind chain"),
    ("fit", ["{blank}"], "is empty"),
    ("fit", ["{text}"], "of no known format"),
    ("fit", ["{nans}", "--model", "scores"], "has no score"),
    ("fit", ["{words}", "--model", "scores"], "is no number"),
    ("score", ["{traces}", "--model", "none.json"], "check the path"),
    ("score", ["{traces}", "--model", "{labels}"], "consilience fit"),
    ("score", ["{traces}", "--model", "{broken}"], "damaged or changed"),
    ("score", ["{judged}", "--model", "{model}"], "give such traces"),
    ("score", ["{traces}", "--model", "{null}", "--write", "evidence"], "fit it with labels"),
    ("score", ["{traces}", "--model", "{model}", "--by-run"], "--write evidence"),
    ("score", ["{traces}", "--model", "{model}", "--write", "all"], "is not one of"),
    ("calibrate", ["none.csv"], "check the path"),
    ("calibrate", ["{judged}"], "more are needed"),
    ("calibrate", ["{traces}"], "score"),
    ("calibrate", ["{scores}", "--edges", "a,b"], "separated by commas"),
    ("calibrate", ["{scores}", "--kappas", "2"], "between 0 and 1"),
    ("calibrate", ["{equal}"], "nearly all scores are equal"),
]


@pytest.mark.parametrize(("command", "words", "cure"), BAD_INPUT)
def test_bad_input_is_one_line_with_the_cure_and_writes_nothing(
    folder, capsys, tmp_path, command, words, cure
):
    contents = {
        "empty": "", "headless": "a0,r1\n", "unknown": "run,label\nr999,benign\n",
        "some": "agent,run,label\na0,r1,benign\na0,r20,hijacked\n",
        "one": "agent,run,label\na0,r1,benign\na0,r2,benign\n",
        "twice": "run,label\nr1,benign\nr1,hijacked\n", "nan": "run,label\nr1,NaN\n",
        "odd": "agent,run,label\na0,r1,x\na0,r2,y\n", "blank": "", "text": "hello\n",
        "nans": "agent,run,score\na,1,nan\na,2,0.5\n",
        "words": "agent,run,score\na,1,high\n",
        "broken": (folder / "model.json").read_text().replace('"weight":', '"weight":1'),
        "equal": "agent,score\n" + "a,1\n" * 1300,
    }  # fmt: skip
    paths = {name: tmp_path / name for name in contents}
    for name, content in contents.items():
        paths[name].write_text(content)
    for name in ("traces.jsonl", "labels.csv", "model.json", "scores.csv", "judged.csv"):
        paths[name.split(".")[0]] = folder / name
    paths["null"] = tmp_path / "null.json"
    if "{null}" in words:
        assert ran(capsys, "fit", folder / "good.jsonl", "--out", paths["null"])[0] == 0
    before = {*tmp_path.iterdir()}
    given = [word.format(**paths) for word in words]
    code, out, err = ran(capsys, command, *given, "--out", tmp_path / "out.csv")
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert code == 2 and len(lines) == 1 and cure in lines[0], err
    assert not out and "Traceback" not in err and {*tmp_path.iterdir()} == before
