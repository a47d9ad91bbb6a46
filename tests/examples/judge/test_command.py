"""The command on files of the bundled file's form, and on others."""

import json

import numpy as np
import pytest

from examples.agent_traces.judge import __main__ as command
from examples.agent_traces.judge import judged_file
from examples.agent_traces.traces import TEST

KEYS = ("auc_hijacked_benign", "auc_hijacked_resisted", "tpr_at_fpr_1pct", "log_loss", "ece")


@pytest.fixture
def ask(judge, monkeypatch, capsys):
    """Run the command with the small judge and a small monitor; return code, out and err."""
    monkeypatch.setattr(command, "fit_judge", lambda traces: judge)
    monkeypatch.setattr(judged_file, "STREAMS", 5)
    monkeypatch.setattr(judged_file, "QUIET", 40)

    def run(*arguments):
        code = command.main([str(one) for one in arguments])
        given = capsys.readouterr()
        return code, given.out, given.err

    return run


@pytest.fixture(scope="module")
def held_out(traces):
    return np.flatnonzero(traces.lineages == TEST)


def test_figures_do_not_depend_on_the_order_of_runs(ask, write_file, held_out):
    some = held_out[::7]
    code, out, err = ask(write_file(some), "--json")
    assert (code, err) == (0, "")
    first = json.loads(out)
    assert all(0 < first[key] < 1 for key in KEYS)
    assert first["runs"]["benign"] > 90
    assert first["runs_left_out"] == 0
    assert set(first["e_mean"]) == {"benign", "resisted", "hijacked"}
    assert first["e_mean"]["hijacked"]["mean"] > first["e_mean"]["benign"]["mean"]
    mixed = np.random.default_rng(1).permutation(some)
    again = json.loads(ask(write_file(mixed), "--json")[1])
    for key in KEYS:
        assert again[key] == pytest.approx(first[key], abs=1e-12)


def test_runs_of_fitted_agents_are_left_out(ask, write_file, held_out, traces):
    some = held_out[::30]
    alone = json.loads(ask(write_file(some), "--json")[1])
    others = np.flatnonzero(traces.agent == "gpt-4o-mini-2024-07-18")
    both = json.loads(ask(write_file(np.concatenate([others, some])), "--json")[1])
    outcome = np.isin(traces.label[others], ("benign", "resisted", "hijacked"))
    assert both["runs_left_out"] == outcome.sum() > 500
    assert [both[key] for key in KEYS] == [alone[key] for key in KEYS]
    code, out, err = ask(write_file(others))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "give runs of other agents" in err


@pytest.mark.slow
def test_the_monitor_tells_of_each_pipeline(ask, write_file, traces):
    of = np.flatnonzero(traces.agent == "gemini-1.5-pro-002")
    found = json.loads(ask(write_file(of), "--json")[1])
    (one,) = found["monitor"]
    assert one["pipeline"] == "gemini-1.5-pro-002"
    assert one["promised_runs_to_a_false_alarm"] == 1024
    assert one["streams"] == 5
    assert one["benign_runs"] <= 200
    assert 1 <= one["delay"] < 100
    code, out, err = ask(write_file(of))
    assert (code, err) == (0, "")
    assert "gemini-1.5-pro-002" in out
    assert "hijacked / resisted" in out


def test_what_the_fit_does_not_know_is_told_and_no_evidence(ask, write_file, held_out):
    """Tools under new names, first in the list; new tasks; a new suite."""
    some = held_out[::20]
    code, out, err = ask(
        write_file(
            some,
            tool_names=lambda names: np.concatenate([["a new tool"], names]),
            tool=lambda tool: np.where(np.arange(len(tool)) % 50 == 0, 0, tool.astype(int) + 1),
        ),
        "--json",
    )
    known = json.loads(out)
    assert (code, err) == (0, "")
    assert known["unknown"]["tools"] == ["a new tool"]
    assert known["auc_hijacked_benign"] > 0.85
    new_tasks = json.loads(
        ask(write_file(some, user_task_names=lambda n: np.char.add("new_", n)), "--json")[1]
    )
    assert len(new_tasks["unknown"]["user_tasks"]) > 80
    assert [new_tasks[key] for key in KEYS] == [new_tasks["without_user_tasks"][k] for k in KEYS]
    code, out, err = ask(
        write_file(some, suite_names=lambda names: np.char.add("new_", names)), "--json"
    )
    nothing = json.loads(out)
    assert code == 0
    assert "no evidence in suites" in err
    assert nothing["auc_hijacked_benign"] == 0.5


def test_missing_kinds_leave_figures_empty(ask, write_file, held_out, traces):
    benign = held_out[traces.label[held_out] == "benign"][:50]
    code, out, err = ask(write_file(benign), "--json")
    found = json.loads(out)
    assert code == 0
    assert "no resisted and no hijacked run" in err
    assert found["auc_hijacked_benign"] is None
    assert found["e_mean"]["hijacked"] is None
    assert found["e_mean"]["benign"]["mean"] > 0
    assert found["monitor"] == []
    assert ask(write_file(benign))[0] == 0


def test_relatives_of_fitted_agents_are_told(ask, write_file, held_out):
    names = lambda found: np.char.replace(found, "gemini-1.5-pro-002", "gpt-4o-2027")  # noqa: E731
    code, _, err = ask(write_file(held_out[::30], agent_names=names), "--json")
    assert code == 0
    assert "of a family that the judge was fitted on: gpt-4o-2027" in err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tool": lambda tool: tool[:-1]}, "calls, indptr"),
        ({"indptr": lambda indptr: indptr[::-1]}, "does not rise"),
        ({"indptr": np.zeros(1, np.int64)}, "no runs"),
        ({"tool": lambda tool: tool.astype(int) + 500}, "no index"),
        ({"label": lambda label: label[:-1]}, "no traces"),
        ({"suite": None}, "suite"),
        ({"agent": lambda agent: agent.astype(int) + 1000}, "out of bounds"),
    ],
)
def test_damaged_files_are_refused_in_one_line(ask, write_file, held_out, change, message):
    code, out, err = ask(write_file(held_out[:20], **change))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert message in err
    assert "NOTE.md" in err


def test_other_files_are_refused(ask, tmp_path):
    for path, text in ((tmp_path / "none.npz", None), (tmp_path / "text.npz", "no archive")):
        if text:
            path.write_text(text)
        code, _, err = ask(path)
        assert code == 2
        assert err.count("\n") == 1
