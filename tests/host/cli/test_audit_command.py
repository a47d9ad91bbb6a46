"""`consilience audit`: keys, packages, verification; exit codes and what is said."""

import json
import stat

import pytest

from consilience.cli.app import main


def write_scores(path, runs):
    lines = [f"a{run % 2},{run},{(7 * run) % 50 / 10 + 9 * (run % 2 and run > 120)}" for run in
             range(runs)]  # fmt: skip
    path.write_text("agent,run,score\n" + "\n".join(lines) + "\n")


@pytest.fixture
def place(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    assert main(["audit", "key", "example.com/audit", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert stat.S_IMODE((tmp_path / "keys/audit.key").stat().st_mode) == 0o600
    assert made["key"] == (tmp_path / "keys/audit.pub").read_text().strip()
    write_scores(tmp_path / "scores.csv", 140)
    return tmp_path


def package(out, *words):
    given = ["audit", "package", "scores.csv", "--key", "keys/audit.key", "--out", out]
    return main([*given, "--seed", "7", "--n0", "50", *words])


def test_recorded_runs_are_packaged_and_verified(place, capsys):
    assert package("one", "--arl", "100", "--agents", "2", "--fleet-alpha", "1/10", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["records"] == 1 + 140 + 1 + told["alarms_and_readings"] + 2 - 1
    assert told["checkpoint"] == (place / "one/checkpoint").read_text()
    assert package("two", "--arl", "100", "--agents", "2", "--fleet-alpha", "1/10") == 0
    for path in (place / "one").rglob("*"):
        if path.is_file():
            assert (
                path.read_bytes() == (place / "two" / path.relative_to(place / "one")).read_bytes()
            )
    capsys.readouterr()
    assert main(["audit", "verify", "one", "--key", "keys/audit.pub", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["said"][-1] == "verified"
    (place / "one/index.html").write_text("nothing to see")
    assert main(["audit", "verify", "one", "--key", "keys/audit.pub"]) == 8
    assert "error: refused: index.html: its SHA-256 is" in capsys.readouterr().err


def test_columns_of_other_names_are_judged_as_those_of_the_known_ones(place, capsys):
    rows = (place / "scores.csv").read_text()
    assert package("known", "--arl", "100") == 0
    (place / "scores.csv").write_text(rows.replace("run,score", "ticket,grade", 1))
    capsys.readouterr()
    assert package("unknown", "--arl", "100") == 2
    assert "name the one that is: --score-column" in " ".join(capsys.readouterr().err.split())
    words = ("--score-column", "grade", "--run-column", "ticket")
    assert package("named", "--arl", "100", *words) == 0
    for path in (place / "known/tile").rglob("*"):
        if path.is_file():
            named = place / "named" / path.relative_to(place / "known")
            assert named.read_bytes() == path.read_bytes()


def test_a_log_that_goes_on_begins_with_the_earlier_one(place, capsys):
    assert package("old", "--arl", "100", "--goes-on") == 0
    write_scores(place / "scores.csv", 170)
    assert package("new", "--arl", "100", "--previous", "old/checkpoint") == 0
    words = ["audit", "verify", "new", "--key", "keys/audit.pub", "--checkpoint", "old/checkpoint"]
    assert main(words) == 0
    assert package("other", "--arl", "200", "--previous", "old/checkpoint") == 2
    assert "is not the beginning of this log" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--arl", "100", "--seed", "9"], None),
        ([], "give one of --arl"),
        (["--arl", "100", "--previous", "nothing"], "nothing: cannot be read"),
    ],
)
def test_mistakes_are_told_in_a_line(place, capsys, words, said):
    assert package("one", *words) == (0 if said is None else 2)
    assert said is None or said in capsys.readouterr().err


def test_keys_are_never_overwritten_and_must_fit(place, capsys):
    assert main(["audit", "key", "example.com/audit"]) == 2
    assert "a key is never overwritten" in capsys.readouterr().err
    (place / "keys/audit.pub").unlink()
    assert package("one", "--arl", "100") == 2
    assert "is no text of a key" in capsys.readouterr().err
