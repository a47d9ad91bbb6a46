"""Streams of numbers as a model: read from metric files, kept in a model's file."""

from pathlib import Path

import numpy as np
import pytest

from consilience.errors import BadInput
from consilience.models.model import NORMAL
from consilience.models.model_file import FittedModel, Training, read_model
from consilience.models.numeric_model import NumericModel
from consilience.models.numeric_stream import NumericStream
from consilience.models.run import Run
from consilience.models.runs import Runs, read_runs

NOISE = np.random.default_rng(1).normal(size=400)


def write(path: Path, values: np.ndarray) -> Path:
    start = np.datetime64("2026-01-05T00:00:00")
    rows = [
        f"{start + np.timedelta64(300 * at, 's')},{value!r}".replace("T", " ")
        for at, value in enumerate(values.tolist())
    ]
    path.write_text("timestamp,value\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture
def good(tmp_path: Path) -> Runs:
    return read_runs([write(tmp_path / "cpu.csv", NOISE)])


def fitted(runs: Runs) -> NumericModel:
    return NumericModel.fit(runs.runs, [0] * len(runs.runs), (NORMAL,))


def test_a_spike_behind_what_was_learned(good: Runs, tmp_path: Path) -> None:
    model = fitted(good)
    later = np.append(NOISE[:50], 40.0)
    (run,) = read_runs([write(tmp_path / "today.csv", later)]).runs
    scored = model.score(run)
    assert scored.nats is None
    assert scored.running is not None
    assert len(scored.running) == len(run.steps) + 1
    assert (np.diff(scored.running) >= 0).all()
    assert scored.running[-1] == scored.running[-2] > 12 << 16 > scored.running[-3]
    assert np.array_equal(model.score(run).running, scored.running)  # scoring teaches nothing


def test_goes_on_like_the_stream_itself(good: Runs, tmp_path: Path) -> None:
    (run,) = good.runs
    half = len(run.steps) // 2
    first = Run(run.agent, run.name, run.steps[:half])
    second = Run(run.agent, run.name, run.steps[half:])
    model = NumericModel.fit([first], [0], (NORMAL,))
    seconds = 1767571200 + 300 * np.arange(len(NOISE))
    whole = NumericStream().surprise(NOISE, seconds)
    np.testing.assert_array_equal(model.surprise(second), whole[half:])


def test_several_streams_are_kept_apart(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", NOISE)
    write(tmp_path / "b.csv", NOISE + 1000)
    model = fitted(read_runs([tmp_path]))
    assert len(model.streams) == 2
    (b,) = read_runs([write(tmp_path / "b.csv", NOISE[:20] + 1000)]).runs
    (unknown,) = read_runs([write(tmp_path / "c.csv", NOISE[:20] + 1000)]).runs
    assert model.surprise(b).max() < 12
    np.testing.assert_array_equal(
        model.surprise(unknown), NumericModel((NORMAL,), {}).surprise(unknown)
    )


def test_bad_streams_are_not_learned(good: Runs, tmp_path: Path) -> None:
    bad = read_runs([write(tmp_path / "bad.csv", NOISE * 100)])
    both = NumericModel.fit([*good.runs, *bad.runs], [0, 1], ("good", "bad"))
    assert {name: one.as_json() for name, one in both.streams.items()} == {
        name: one.as_json() for name, one in fitted(good).streams.items()
    }


def test_file(good: Runs, tmp_path: Path) -> None:
    training = Training({}, 1, 400, 1, {NORMAL: 1}, ("metrics-csv",), {}, None, "2026-01-05")
    path = tmp_path / "model.json"
    FittedModel(fitted(good), training).write(path, overwrite=False)
    kept = read_model(path, "numeric")
    (run,) = good.runs
    np.testing.assert_array_equal(kept.score(run).running, fitted(good).score(run).running)
    assert kept.model.as_json() == fitted(good).as_json()
    assert kept.model.tables() is None


def test_nothing_to_learn_from() -> None:
    with pytest.raises(BadInput, match="nothing to learn"):
        NumericModel.fit([Run("a", "a", ())], [0], (NORMAL,))
    with pytest.raises(BadInput, match="no option order"):
        NumericModel.fit([], [], (NORMAL,), order=1)
    with pytest.raises(ValueError, match="no stream"):
        NumericModel.from_json({"labels": [NORMAL], "streams": {}})
