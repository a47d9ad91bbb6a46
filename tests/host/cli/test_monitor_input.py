"""`consilience monitor`: bad input is one line, doubtful input is said to be."""

import json

import numpy as np
import pytest

from tests.host.cli.monitor_runs import ran


@pytest.mark.parametrize(
    ("text", "words", "message"),
    [
        ("agent,score\na,1\n", (), "give one of --arl, --false-alarm"),
        ("agent,score\na,1\n", ("--arl", "9", "--threshold-bits", "3"), "give one of"),
        ("agent,score\na,1\n", ("--false-alarms-per-day", "1"), "needs --agents"),
        ("agent,score\na,1\n", ("--false-alarm", "1/9"), "give arl, or mode spread"),
        ("agent,score\na,1\n", ("--arl", "9", "--kappas", "1/3"), "kappa 1/3"),
        ("agent,score\na,1\n", ("--arl", "9", "--n0", "3"), "at least 50"),
        ("agent,score\na,1\n", ("--arl", "9", "--run-alpha", "2"), "a share between 0 and 1"),
        ("agent;score\na;1\n", ("--arl", "9"), "separated by commas"),
        ("agent,value\na,1\n", ("--arl", "9"), "no column score"),
        ("agent,score\na,nan\n", ("--arl", "9"), "line 2: the score is NaN"),
        ("agent,score\na,much\n", ("--arl", "9"), "line 2: score 'much' is no number"),
        ("agent,score\na,1,2\n", ("--arl", "9"), "line 2: 3 cells for 2 columns"),
        ("agent,score\na,1_0\n", ("--arl", "9"), "line 2: score '1_0' is no number"),
        ("agent,score\na,62%\n", ("--arl", "9"), "no number; leave the % out"),
        ("agent,score\na,pass\n", ("--arl", "9"), "give 1 for what is suspect, else 0"),
        ('{"agent": "a", "score": true}\n', ("--arl", "9"), "give 1 for what is suspect, else 0"),
        ("a,1,2\na,2,3\n", ("--arl", "9"), "line 1: 1 is no name of a column; begin with a line"),
        ('[{"agent": "a", "score": 1}]', ("--arl", "9"), "a line is an object of its own: jq -c"),
        ('[\n {"agent": "a", "score": 1}\n]', ("--arl", "9"), "jq -c '.[]' FILE"),
        ('{"rows": [{"agent": "a", "score": 1}]}', ("--arl", "9"), "jq -c '.rows[]' FILE"),
        ('{\n "rows": [\n', ("--arl", "9"), "jq -c '.ROWS[]'"),
        ('{"agent": "a"}\n', ("--arl", "9"), "line 1: no score; give a number, null where"),
        ('{"agent": "a", "run": 1, "event": "end"}\n', ("--arl", "9"), "the end of a run without"),
        ("\x1f\x8b\x08\0\xff\n", ("--arl", "9"), "line 1: is packed (gzip); unpack it"),
        ("agent,score\n,1\n", ("--arl", "9"), "line 2: agent must be text"),
        ("agent,score,at\na,1,5\na,1,4\n", ("--arl", "9"), "line 3: the clock goes back"),
        ("agent,score,sequence\na,1,5\na,1,4\n", ("--arl", "9"), "goes back from 5"),
        ('{"agent": "a", "run": 1, "event": "end", "score": 1}\n', ("--arl", "9"), "no history"),
        ('{"agent": "a", "event": "end", "score": 1}\n', ("--arl", "9"), "needs a run"),
        ('{"agent": 1.5, "score": 1}\n', ("--arl", "9"), "agent must be text or an integer"),
        ('{"agent": "a", "score": 1, "event": "stop"}\n', ("--arl", "9"), "'stop'"),
        ('{"agent": "a", "score"\n', ("--arl", "9"), "line 1"),
        ("agent,score\nb\xe9,1\n", ("--arl", "9"), "line 2: is no UTF-8"),
        ("agent,score,group\na,1,g\n", ("--arl", "9"), "group needs"),
        ('{"agent": "a", "x": ' + "[" * 100_000, ("--arl", "9"), "line 1: is nested too deeply"),
        ("agent,score,sequence\na,1,-1\n", ("--arl", "9"), "sequence -1 is not in 0 .. 2**64"),
        ("agent,score,cut\na,1,bored\n", ("--arl", "9"), "line 2: cut 'bored' is none of"),
        ("agent,score\na,1\n", ("--threshold-bits", "32768"), "above 0, below 32,768"),
        ("agent,x1\na,1\n", ("--arl", "9", "--asserted", "17"), "1 to 16 bets"),
        ("agent,score\na,1\n", ("--arl", "9", "--agents", 2**63), "1 or more, below 2**63"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path, capsys, text, words, message):
    path = tmp_path / "bad"
    path.write_bytes(text.encode("latin-1"))
    code, said, err = ran(capsys, path, *words)
    assert code == 2 and not said
    assert message in " ".join(err.split()) and "Traceback" not in err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no line was an observation"),
        ("agent,score\na,\n", "1 lines have no score and were left out"),
        ("agent,score\n" + "a,1\n" * 120, "all scores of 'a' are equal"),
        ("agent,score,timestamp,colour\na,1,2,red\n", "not used: colour, timestamp; a clock is"),
    ],
)
def test_what_is_probably_not_meant_is_said(tmp_path, capsys, text, told):
    path = tmp_path / "odd.csv"
    path.write_text(text)
    code, _, err = ran(capsys, path, "--arl", "64")
    assert code == 0 and told in " ".join(err.split())


def test_too_little_history_says_how_much_more(tmp_path, capsys):
    path = tmp_path / "few.csv"
    path.write_text("agent,score\n" + "a,1\n" * 60)
    code, _, err = ran(capsys, path, "--arl", "64")
    assert code == 0 and "'a' needs 40 more runs" in err


def test_a_run_that_never_ends_blinded_its_agent_without_a_word(tmp_path, capsys):
    path = tmp_path / "runs.jsonl"
    events = [{"agent": "a", "run": n, "score": n * 37 % 50} for n in range(120)]
    events += [{"agent": "a", "run": "hung", "event": "start"}]
    events += [{"agent": "a", "run": n, "score": 999} for n in range(200, 240)]
    path.write_text("".join(json.dumps(one) + "\n" for one in events))
    _, _, err = ran(capsys, path, "--arl", "64")
    assert "40 ended runs of 'a' wait for run 'hung'" in " ".join(err.split())


def test_files_for_other_commands_are_told_from_broken_ones(tmp_path, capsys):
    scores = tmp_path / "s.csv"
    scores.write_text("agent,score\na,1\n")
    model = tmp_path / "m.json"
    model.write_text('{"format": "consilience model", "version": 1}')
    archive = tmp_path / "s.npz"
    np.savez(archive, agent=["a"], score=[1.0])
    for words, cure in (
        ((scores, "--model", model), "is a model of `consilience fit`, which gives scores"),
        ((scores, "--frozen", model), "write them with `consilience score`"),
        ((scores, "--frozen", scores), "tables by `consilience calibrate`"),
        ((archive,), "is an archive (NPZ or ZIP); write CSV"),
    ):
        code, said, err = ran(capsys, *words, "--arl", 1000)
        assert code == 2 and not said and cure in err and "Traceback" not in err
        assert "average" not in err  # no promise before an error
