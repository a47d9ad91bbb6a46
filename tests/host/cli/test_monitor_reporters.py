"""`consilience monitor --faulty`: reporters of each run, of whom some lie."""

import json
import random

import numpy as np
import pytest

from consilience.monitor.lying_reports import dependent_reports, independent_reports
from tests.host.cli.monitor_runs import ran

N, F = 9, 2


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Two agents, the second hijacked from run 150 on; two reporters say the opposite."""
    chance = random.Random(1)
    lines = ["agent,run,reporter,score,at"]
    for run in range(200):
        for agent in ("good", "bad"):
            truth = chance.gauss(0, 1) + (4 if agent == "bad" and run >= 150 else 0)
            for one in range(N):
                said = -truth if one < F else truth + chance.gauss(0, 0.3)
                lines.append(f"{agent},{run},r{one},{said:.3f},{run}")
    path = tmp_path_factory.mktemp("reports") / "r.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_liars_neither_hide_a_hijack_nor_stay_unnamed(tmp_path, capsys, reports):
    words = ("--faulty", F, "--reporters", N, "--arl", 1000)
    page = tmp_path / "p.html"
    code, said, err = ran(capsys, reports, *words, "--json", "--report", page)
    *alarms, end = said
    assert code == 0 and [one["agent"] for one in alarms if not one["provisional"]] == ["bad"]
    assert 150 <= int(alarms[0]["run"]) < 156
    assert "if at most 2 of the 9 reporters of a run lie or are silent" in alarms[0]["promise"]
    assert "the first alarm only" in alarms[0]["promise"]
    told = end["reporters"]
    assert [one["reporter"] for one in told["contradicting"]] == ["r0", "r1"]
    assert (told["faulty"], told["enrolled"], told["reporters"]) == (F, N, N)
    assert "contradict the others<td>r0, r1" in page.read_text()
    assert "can keep an agent" not in err
    _, _, err = ran(capsys, reports, *words)
    assert "contradicts the others" in err and "r1" in err


def test_a_state_goes_on_between_the_reports_of_a_run(tmp_path, capsys, reports):
    lines = reports.read_text().splitlines(keepends=True)
    path, state = tmp_path / "r.csv", tmp_path / "state"
    words = ("--faulty", F, "--reporters", N, "--arl", 1000, "--ties", "full", "--json", "--each")
    _, whole, _ = ran(capsys, reports, *words)
    path.write_text("".join(lines[:2705]))
    _, first, err = ran(capsys, path, *words, "--state", state)
    assert "1 runs lack reports" in err
    path.write_text("".join(lines))
    _, rest, _ = ran(capsys, path, *words, "--state", state)
    assert first[:-1] + rest[:-1] == whole[:-1]
    assert rest[-1]["reporters"] == whole[-1]["reporters"]
    code, _, err = ran(capsys, path, "--faulty", 1, *words[2:],
                       "--state", state)  # fmt: skip
    assert code == 2 and "other options (faulty)" in err


@pytest.mark.parametrize(("kind", "rule"), [("same", dependent_reports),
                                            ("separate", independent_reports)])  # fmt: skip
def test_asserted_increments_are_those_of_the_rule(tmp_path, capsys, kind, rule):
    rng = np.random.default_rng(4)
    bits = np.round(rng.normal(0, 2, (6, 5)), 3)
    lines = [
        {"agent": "a", "run": run, "reporter": one, "x1": bits[run, one]}
        for run in range(6)
        for one in range(5)
        if (run, one) != (3, 4)
    ]
    lines.insert(-10, {"agent": "a", "run": 3, "event": "end"})
    path = tmp_path / "x.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    words = ("--asserted", 1, "--faulty", 1, "--reporters", 5, "--reports", kind, "--each")
    code, said, _ = ran(capsys, path, "--arl", 1000, *words, "--json")
    present = np.ones((6, 5), np.bool_)
    present[3, 4] = False
    codes = np.floor(bits * 65536).astype(np.int32)
    expected = rule(codes, 1, present=present)
    told = [one["moved"]["increment_bits"][0] for one in said[:-1]]
    assert code == 0 and told == [round(int(one) / 65536, 4) for one in expected]


@pytest.mark.parametrize(
    ("text", "words", "error"),
    [
        ("agent,run,score\na,1,2\n", ("--faulty", 1, "--reporters", 4), "no column reporter"),
        ("agent,reporter,score\na,x,2\n", ("--faulty", 1, "--reporters", 4), "names its run"),
        ("agent,run,reporter,score\na,1,x,2\n", ("--faulty", 1), "needs --reporters N"),
        ("agent,run,reporter,score\na,1,x,2\n", ("--reporters", 4), "are for --faulty F"),
        ("agent,run,reporter,score\na,1,x,2\n", ("--faulty", 1, "--reporters", 3), "n > 3 f"),
        ("agent,run,reporter,score\na,1,x,2\na,1,x,3\n", ("--faulty", 1, "--reporters", 4),
         "line 3: reporter 'x' has said something else"),
        ("agent,run,reporter,score\na,1,,2\n", ("--faulty", 1, "--reporters", 4),
         "line 2: with --faulty a line with a reporter"),
        ("agent,run,reporter,score\na,1,x,2\n",
         ("--faulty", 1, "--reporters", 4, "--reports", "same"), "of increments (--asserted)"),
        ("agent,run,reporter,score\na,1,x,2\na,1,y,3\n", (), "of reporters: --faulty"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_line_with_the_cure(tmp_path, capsys, text, words, error):
    path = tmp_path / "r.csv"
    path.write_text(text)
    code, _, err = ran(capsys, path, "--arl", 1000, *words)
    assert code == 2 and error in err and "Traceback" not in err


def test_few_reporters_and_a_column_that_is_not_used_are_told(tmp_path, capsys):
    path = tmp_path / "r.csv"
    path.write_text("agent,run,reporter,score\na,1,x,2\n")
    _, _, err = ran(capsys, path, "--arl", 1000)
    assert "not used: reporter; reporters of one run" in err
    _, _, err = ran(capsys, path, "--arl", 1000, "--faulty", 1, "--reporters", 4)
    assert "can keep an agent from ever alarming; 5 reporters cure it" in err
    assert "1 runs lack reports" in err
