"""`consilience coverage`: how many must take part."""

import json
from pathlib import Path

import pytest

from consilience.cli.app import main

EVIDENCE = str(
    Path(__file__).parents[3] / "examples" / "agent_traces" / "data" / "calibration.json"
)


def ran(capsys, *words):
    code = main(["coverage", *map(str, words)])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_decision_on_recorded_evidence(capsys, tmp_path):
    page, picture = tmp_path / "page.html", tmp_path / "curve.svg"
    words = [EVIDENCE, "--reporters", "100", "--liars", "10%", "--json"]
    code, out, _ = ran(capsys, *words, "--report", page)
    found = json.loads(out)
    assert code == 0 and found["liars"] == 10
    assert 31 <= found["usual_from"] < found["sure_from"] < found["any_sure_from"] <= 100
    assert found["usual_from"] < found["whole_usual_from"]
    least = [min(each["predicted"] for each in one["chances"].values()) for one in found["stages"]]
    assert least == sorted(least) and least[0] == 0 and least[-1] > 0.999
    assert len(found["roll_out"]) == 3 and found["roll_out"][0].startswith("10 %, 10 of 100: nothi")
    text = page.read_text()
    assert "<svg" in text and "of all honest ones that are enrolled" in text
    assert ran(capsys, *words, "--report", picture)[0] == 0
    assert picture.read_text().startswith("<svg xmlns=")
    assert ran(capsys, *words, "--report", page)[0] == 2  # it exists


def test_an_alarm_in_time(capsys):
    words = (EVIDENCE, "--reporters", "30", "--liars", "1", "--within", "5")
    code, out, _ = ran(capsys, *words, "--false-alarms-per-day", "1", "--agents", "200",
                       "--runs-per-day", "50")  # fmt: skip
    assert code == 0 and "alarm within 5 runs" in out and "runs to it" in out


def test_quality_alone_and_a_table_of_ratios(capsys, tmp_path):
    code, out, _ = ran(capsys, "--quality", "0.64", "--reporters", "100", "--liars", "30%")
    assert code == 0 and "No number of the 100 reporters suffices" in out and "0.857" in out
    table = tmp_path / "ratios.csv"
    rows = ["good,-3.5"] * 150 + ["good,0.5"] * 30 + ["bad,-inf"] * 10 + ["bad,4"] * 140
    table.write_text("truth,ratio\n" + "\n".join(rows) + "\n")
    code, out, err = ran(capsys, table, "--reporters", "50", "--json")
    found = json.loads(out)
    assert code == 0 and set(found["stages"][0]["chances"]) == {"bad", "good"}
    assert found["quality"] == pytest.approx(0.75) and "its law is known to within" in err


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        ([EVIDENCE, "--quality", "0.6"], "give either"),
        ([], "give either"),
        (["--quality", "2"], "as 0.64"),
        (["--quality", "0.6", "--liars", "120%"], "as 10% or 1/10"),
        (["--quality", "0.6", "--liars", "x"], "is no number"),
        (["--quality", "0.6", "--clip", "0.3"], "multiple of 1/512"),
        (["--quality", "0.6", "--arl", "1000", "--clip", "1"], "6 bits or more"),
        (["--quality", "0.6", "--arl", "1000", "--threshold", "1"], "two promises"),
        (["--quality", "0.6", "--false-alarms-per-day", "1"], "needs --agents"),
        (["--quality", "0.6", "--agents", "3"], "give it, too"),
        (["--quality", "0.6", "--sure", "1"], "as 99/100"),
        (["{empty}"], "no columns truth and ratio"),
        (["{one}"], "two hypotheses"),
        (["{bad}"], "line 3"),
        (["{few}", "--arl", "1000"], "more are needed"),
        (["none.json"], "no calibration set"),
    ],
)
def test_wrong_inputs_name_their_cure(capsys, tmp_path, words, cure):
    files = {
        "empty": "a,b\n",
        "one": "truth,ratio\ngood,1\n",
        "bad": "truth,ratio\ngood,1\nbad,x\n",
        "few": "truth,ratio\ngood,-1\nbad,1\n",
    }
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text)
    given = [word.format(**{name: tmp_path / f"{name}.csv" for name in files}) for word in words]
    code, _, err = ran(capsys, *given, "--reporters", "40")
    assert code == 2 and cure in err and len(err.strip().splitlines()) == 1
