"""Metrics of today against a good time: streams that change alarm, others as rarely as promised."""

import json
import random

import pytest

from consilience.cli.app import main
from consilience.errors import BadInput
from consilience.models.checking import ALARM, UNTOLD, CheckOptions
from consilience.models.checking_metrics import check_streams
from consilience.models.fitting import fit_model
from consilience.models.runs import read_runs

HOUR = 3600
START = 1_760_400_000


def values_of(seed, count, first=0, shift_from=None):
    """A day's curve, noise that hangs together, and a level that rises from a row on."""
    chance, noise = random.Random(seed), 0.0
    found = []
    for row in range(first, first + count):
        noise = 0.6 * noise + chance.gauss(0, 1)
        shift = 12.0 if shift_from is not None and row >= shift_from else 0.0
        found.append(50 + 8 * (row % 24 < 12) + noise + shift)
    return found


def csv_of(path, values, first=0):
    lines = [f"{START + (first + row) * HOUR},{value:.3f}" for row, value in enumerate(values)]
    path.write_text("timestamp,value\n" + "\n".join(lines) + "\n")
    return path


def prometheus_of(path, series, first=0):
    result = [
        {
            "metric": {"__name__": "load", "host": host},
            "values": [[START + (first + n) * HOUR, f"{v:.3f}"] for n, v in enumerate(values)],
        }
        for host, values in series.items()
    ]
    data = {"resultType": "matrix", "result": result}
    path.write_text(json.dumps({"status": "success", "data": data}))
    return path


def cloudwatch_of(path, series, first=0):
    results = [
        {
            "Id": name,
            "Label": name,
            "Timestamps": [f"2026-11-{1 + (first + n) // 24:02d}T{(first + n) % 24:02d}:00:00Z"
                           for n in range(len(values))],
            "Values": values,
            "StatusCode": "Complete",
        }
        for name, values in series.items()
    ]  # fmt: skip
    path.write_text(json.dumps({"MetricDataResults": results, "Messages": []}))
    return path


def checked(today, good, model=None, **options):
    return check_streams(
        read_runs([today]), read_runs([good]), CheckOptions(**{"seed": 3} | options), model
    )


def test_a_level_that_rises_alarms_soon_and_its_values_are_named(tmp_path):
    good = csv_of(tmp_path / "good.csv", values_of(1, 500))
    today = csv_of(tmp_path / "today.csv", values_of(2, 100, 500, 560), 500)
    result = checked(today, good)
    (only,) = result.verdicts
    assert only.verdict == ALARM and 60 <= only.alarm < 70 and only.history == 400
    times = {f"{START + (500 + n) * HOUR} = " for n in range(60, only.alarm + 1)}
    named = [one.run for one in only.reasons]
    assert named and sum(any(name.startswith(one) for one in times) for name in named) >= 2
    assert f"after {only.alarm + 1} of 100 values: values " in only.why
    assert "exchangeable with those of the baseline, this check of 100 values" in result.promise
    assert result.as_json()["runs_of_history"] == 400 and result.as_json()["runs_fitted_on"] == 100


def test_good_streams_alarm_no_more_often_than_promised(tmp_path):
    alarms = 0
    for seed in range(60):
        whole = values_of(seed, 400)
        good = csv_of(tmp_path / "good.csv", whole[:340])
        today = csv_of(tmp_path / "today.csv", whole[340:], 340)
        alarms += len(checked(today, good, false_alarm="1/4", seed=seed).alarms)
    # 15 are expected at most; 27 or more of 60 have probability below 1 in 2,000 then.
    assert alarms < 27


@pytest.mark.parametrize("written", [prometheus_of, cloudwatch_of])
def test_streams_are_matched_by_their_names_and_judged_one_by_one(tmp_path, written):
    series = {name: values_of(seed, 400) for seed, name in enumerate(("a", "b", "c"))}
    good = written(tmp_path / "g.json", {k: v[:320] for k, v in series.items()})
    series["b"][340:] = [value + 15 for value in series["b"][340:]]
    series["new"] = series["a"]
    today = written(tmp_path / "t.json", {k: v[320:] for k, v in series.items() if k != "c"}, 320)
    result = checked(today, good)
    found = {one.agent: one for one in result.verdicts}
    (alarmed,) = result.alarms
    assert alarmed.agent in ('load{host="b"}', "b")
    assert len(found) == 3 and [v.verdict for k, v in found.items() if "new" in k] == [UNTOLD]
    # And fitted apart: of three hosts there are three streams.
    assert len(fit_model(read_runs([good]), "numeric", None).model.streams) == 3
    assert "nothing is said of them" in result.warnings[-1]


def test_a_model_of_before_leaves_the_whole_baseline_and_is_not_of_it(tmp_path):
    whole = values_of(5, 700)
    before = csv_of(tmp_path / "before.csv", whole[:300])
    good = csv_of(tmp_path / "good.csv", whole[300:500], 300)
    changed = [value + 15 * (row >= 40) for row, value in enumerate(whole[500:600])]
    today = csv_of(tmp_path / "today.csv", changed, 500)
    model = fit_model(read_runs([before]), "numeric", None)
    result = checked(today, good, model)
    assert result.alarms and result.verdicts[0].history == 200
    with pytest.raises(BadInput, match="these surprise it less"):
        checked(today, before, model)


def test_what_does_not_go_together_is_refused_with_the_cure(tmp_path):
    good = csv_of(tmp_path / "good.csv", values_of(1, 300))
    short = csv_of(tmp_path / "short.csv", values_of(2, 120), 900)
    today = csv_of(tmp_path / "today.csv", values_of(3, 50, 300), 300)
    two = prometheus_of(tmp_path / "two.json", {"a": values_of(1, 200), "b": values_of(2, 200)})
    both = cloudwatch_of(tmp_path / "both.json", {"m1": values_of(1, 200), "m2": values_of(2, 200)})
    written = both.read_text().replace('"Label": "m1"', '"Label": "CPU"')
    both.write_text(written.replace('"Label": "m2"', '"Label": "CPU"'))
    assert {step.name for run in read_runs([both]).runs for step in run.steps} == {
        "CPU (m1)",
        "CPU (m2)",
    }
    for arguments, words in (
        ((good, good), "take them out of the baseline"),
        ((today, short), "120 values in the baseline; 30 more are needed"),
        ((two, good), "give each stream's files one name"),
        ((today, good, "chain"), "metrics need the kind numeric"),
    ):
        with pytest.raises(BadInput, match=words):
            checked(*arguments)
    with pytest.raises(BadInput, match="judged one by one"):
        checked(today, good, together=True)


def test_one_command_from_two_files_of_values(tmp_path, capsys):
    good = csv_of(tmp_path / "good.csv", values_of(1, 500))
    today = csv_of(tmp_path / "today.csv", values_of(2, 100, 500, 560), 500)
    page = tmp_path / "p.html"
    words = ["check", str(today), "--baseline", str(good), "--seed", "3", "--report", str(page)]
    assert main([*words, "--fail-on-alarm"]) == 10
    out, err = capsys.readouterr()
    assert "ALARM" in out and "(rank 1 of" in out and "error" not in err
    assert "brought the statistic to" in page.read_text()
    model = tmp_path / "m.json"
    assert main(["fit", str(good), "--model", "numeric", "--out", str(model)]) == 0
    capsys.readouterr()
    assert main(["score", str(today), "--model", str(model), "--write", "steps", "--out",
                 str(tmp_path / "s.csv")]) == 0  # fmt: skip
