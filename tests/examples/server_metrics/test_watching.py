"""Watching: nothing of what is to come, alarms that keep their promise, scores told once."""

import json

import numpy as np
import pytest

from consilience.models.numeric_stream import NumericStream
from examples.server_metrics import watching
from examples.server_metrics.streams import DATA, Stream
from examples.server_metrics.watching import QUIET, alarm_rows, codes_of, score_rows, watch

NAMES = json.loads((DATA / "windows.json").read_text())
QUICK = "realTraffic", "realAdExchange", "artificialWithAnomaly/art_daily_jumpsup"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name.startswith(QUICK) else pytest.mark.slow)
        for name in NAMES
    ],
)
def test_scores_of_a_prefix_are_the_prefix_of_the_scores(
    bundled: dict[str, Stream], name: str
) -> None:
    stream = bundled[name]
    rows = len(stream.values) // 2 + len(name)
    whole, head = watch(stream), watch(stream.head(rows))
    assert head.scores.tobytes() == whole.scores[:rows].tobytes()
    assert head.statistic.tobytes() == whole.statistic[:rows].tobytes()
    assert head.alarms.tolist() == whole.alarms[whole.alarms < rows].tolist()
    assert ((whole.scores >= 0) & (whole.scores <= 1)).all()
    assert (whole.scores > 0).any() or "flatline" in name


@pytest.mark.parametrize("moving", [False, True])
def test_surprise_of_a_prefix_is_the_prefix_of_the_surprise(
    bundled: dict[str, Stream], moving: bool
) -> None:
    for stream in bundled.values():
        rows = len(stream.values) // 3
        head = NumericStream(moving).surprise(stream.values[:rows], stream.seconds[:rows])
        whole = NumericStream(moving).surprise(stream.values, stream.seconds)
        assert head.tobytes() == whole[:rows].tobytes()


@pytest.mark.parametrize("shape", ["normal", "heavy", "counts"])
def test_the_promise_is_kept_where_rows_are_independent(
    shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an average of 500 rows to a false alarm at least: 12,000 rows have at most some 24."""
    monkeypatch.setattr(watching, "ARL", 500)
    draw = np.random.default_rng(3)
    alarms = 0
    for number in range(4):
        rows = {
            "normal": draw.normal(size=3000),
            "heavy": draw.standard_t(2.5, 3000),
            "counts": draw.poisson(2.0, 3000).astype(float),
        }[shape]
        bits = NumericStream().surprise(rows, np.arange(3000) * 300)
        alarms += len(alarm_rows(f"{shape} {number}", codes_of(bits))[1])
    assert alarms <= 24


def test_a_change_alarms() -> None:
    values = np.random.default_rng(4).normal(size=2000)
    values[1500:] += 6
    seconds = np.arange(2000) * 300
    watched = watch(Stream("changed", [], values, seconds))
    assert watched.alarms.min() >= 1500
    assert watched.alarms.min() < 1510
    assert watched.scores[1500:1510].max() > 0.5


def test_a_row_without_a_value_has_no_score_and_changes_no_other(
    bundled: dict[str, Stream],
) -> None:
    stream = bundled["realTraffic/speed_7578.csv"]
    at = np.array([3, 500, 500, 900])
    holes = Stream(
        stream.name,
        [],
        np.insert(stream.values, at, np.nan),
        np.insert(stream.seconds, at, stream.seconds[at]),
    )
    watched, plain = watch(holes), watch(stream)
    missing = np.isnan(holes.values)
    assert watched.scores[missing].tolist() == [0.0] * 4
    assert watched.statistic[~missing].tobytes() == plain.statistic.tobytes()


def test_a_score_is_told_once() -> None:
    statistic = np.zeros(3 * QUIET, np.int32)
    statistic[[10, 11, 12, 12 + QUIET, 13 + QUIET]] = [100, 300, 200, 250, 300]
    scores = score_rows(statistic, 300)
    assert np.flatnonzero(scores).tolist() == [10, 11, 12 + QUIET, 13 + QUIET]
    assert scores[11] == 0.5
