"""A model's file holds all of it, and nothing that is damaged or foreign passes for one."""

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from consilience.errors import BadInput
from consilience.models.agent_models import AgentModel
from consilience.models.certificate import certified, increments_of
from consilience.models.chain_model import ChainModel
from consilience.models.model_file import FittedModel, Training, read_model
from consilience.models.run import Run
from consilience.traces.steps import Step

LABELS = "good", "bad"


def run(tools: str, failed: bool = False) -> Run:
    steps = tuple(Step(tool, error=failed and tool == "c") for tool in tools)
    return Run("a", tools, steps)


RUNS = [run("abab"), run("abb"), run("ab"), run("cccb"), run("ccb", failed=True)]
TRUTH = [0, 0, 0, 1, 1]
TRAINING = Training(
    {"t": "00"}, 5, 15, 1, {"good": 3, "bad": 2}, ("messages",), {}, 0.4, "2026-11-28"
)


@pytest.fixture
def fitted() -> FittedModel:
    return FittedModel(ChainModel.fit(RUNS, TRUTH, LABELS), TRAINING, 30000, (0.75, 0.25))


def of_agents() -> FittedModel:
    """A model of good runs with two agents that are known by themselves, one as the fleet is."""
    fleet, own = (ChainModel.fit(runs, [0] * len(runs), ("normal",)) for runs in (RUNS, RUNS[:3]))
    agents = {
        "a": AgentModel(own, frozenset("ab"), 2.5),
        "b": AgentModel(None, frozenset("abc"), 2.25),
    }
    return FittedModel(fleet, TRAINING, allowance=3.5, agents=agents)


@pytest.mark.parametrize("of_labels", [True, False])
def test_a_file_gives_the_same_model(fitted: FittedModel, tmp_path: Path, of_labels: bool) -> None:
    fitted = fitted if of_labels else of_agents()
    fitted.write(tmp_path / "m.json", overwrite=False)
    assert json.loads((tmp_path / "m.json").read_text())["version"] == (1 if of_labels else 2)
    again = read_model(tmp_path / "m.json", "chain")
    assert again == fitted
    for one in RUNS:
        assert np.array_equal(again.score(one).nats, fitted.score(one).nats)
    again.write(tmp_path / "n.json", overwrite=False)
    assert (tmp_path / "m.json").read_bytes() == (tmp_path / "n.json").read_bytes()


def test_likelihoods_of_all_that_may_follow_sum_to_one(fitted: FittedModel) -> None:
    tables = fitted.model.tables()
    assert tables is not None
    np.testing.assert_allclose(np.exp(tables.nats).sum(axis=2), 1.0, atol=1e-12)


def test_an_unseen_tool_is_no_evidence_but_a_surprise(fitted: FittedModel) -> None:
    nats = fitted.score(run("az")).nats
    assert nats is not None and nats[1, 0] == nats[1, 1]
    alone = ChainModel.fit(RUNS[:3], [0] * 3, ("normal",))
    rare = alone.score(run("az")).nats
    usual = alone.score(run("ab")).nats
    assert rare is not None and usual is not None and rare[1, 0] < usual[1, 0] - 3.0


def test_every_context_is_certified_in_exact_arithmetic(fitted: FittedModel) -> None:
    tables = fitted.model.tables()
    assert tables is not None
    increments = increments_of(tables, fitted.prior).codes
    paid = (np.exp(tables.nats[0]) * np.exp2(increments / 65536.0)).sum(axis=1)
    assert (paid <= 1.0).all() and (paid > 0.5).all()
    assert (increments[:, tables.unseen] <= 0).all()
    found = certified(tables, fitted.prior)
    assert found is not None and found["contexts"] == len(increments)


def test_the_running_score_never_falls(fitted: FittedModel) -> None:
    for tools in ("abab", "cccbz", "", "acacac"):
        running = fitted.score(run(tools)).running
        assert running is not None and len(running) == len(tools) + 1
        assert (np.diff(running) >= 0).all()


def damaged(value: dict[str, object], name: str) -> bytes:
    if name == "another format":
        value["format"] = "something"
    elif name == "another version":
        value["version"] = 3
    elif name == "changed":
        value["weight"] = 65536
    elif name == "no hash":
        del value["sha256"]
    else:
        value["kind" if name == "another kind" else "parameters"] = "oracle"
        rest = {key: held for key, held in value.items() if key != "sha256"}
        text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
        value["sha256"] = sha256(text.encode()).hexdigest()
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("another format", "consilience fit"),
        ("another version", "fit it again"),
        ("changed", "damaged or changed"),
        ("no hash", "damaged or changed"),
        ("another kind", "this program has chain"),
        ("no parameters", "fit it again"),
    ],
)
def test_what_is_no_such_model_is_refused(
    fitted: FittedModel, tmp_path: Path, name: str, cure: str
) -> None:
    path = tmp_path / "m.json"
    fitted.write(path, overwrite=False)
    path.write_bytes(damaged(json.loads(path.read_text()), name))
    with pytest.raises(BadInput, match=cure):
        read_model(path)


def test_other_files_and_kinds_are_refused(fitted: FittedModel, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    with pytest.raises(BadInput, match="check the path"):
        read_model(path)
    fitted.write(path, overwrite=False)
    with pytest.raises(BadInput, match="not counts"):
        read_model(path, "counts")
    path.write_text("agent,score\n1,2\n")
    with pytest.raises(BadInput, match="consilience fit"):
        read_model(path)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(BadInput, match="consilience fit"):
        read_model(path)
