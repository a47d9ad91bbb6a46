"""The scorer: what it makes of published detections is what was published."""

import io
import json
import lzma

import numpy as np
import pytest

from consilience.errors import BadInput
from examples.server_metrics.benchmark import published, read_windows
from examples.server_metrics.scoring import (
    PROFILES,
    Labelled,
    cross_validated,
    label,
    probation,
    score_at,
    scored,
)
from examples.server_metrics.streams import DATA, Stream

DETECTORS = "numenta", "knncad", "windowedGaussian"
STANDARD = PROFILES["standard"]


@pytest.fixture(scope="module")
def labelled(bundled: dict[str, Stream]) -> dict[str, Labelled]:
    windows = read_windows(DATA / "windows.json")
    return {
        name: label([when.replace(" ", "T") for when, _ in one.texts], windows[name])
        for name, one in bundled.items()
    }


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("detector", DETECTORS)
def test_published_scores(labelled: dict[str, Labelled], detector: str, profile: str) -> None:
    packed = lzma.decompress((DATA / "published_detections.npy.xz").read_bytes())
    scores = np.load(io.BytesIO(packed))[DETECTORS.index(detector)].astype(np.float64)
    ends = np.cumsum([len(one.counts) for one in labelled.values()])
    files = dict(
        zip(
            labelled,
            zip(labelled.values(), np.split(scores, ends[:-1]), strict=True),
            strict=True,
        )
    )
    found = scored(files, PROFILES[profile])
    assert found.score == pytest.approx(published()[detector][profile], abs=0.05)
    assert score_at(files, PROFILES[profile], found.threshold) == pytest.approx(found.score)
    assert cross_validated(files, PROFILES[profile]) <= found.score + 1e-9


def one_file(rows: int = 100, first: int = 40, last: int = 59) -> Labelled:
    times = np.datetime64("2026-01-01T00:00:00") + np.arange(rows) * np.timedelta64(60, "s")
    return label(times, [(str(times[first]), str(times[last]))])


def detected(*rows: int) -> np.ndarray:
    scores = np.zeros(100)
    scores[list(rows)] = 1.0
    return scores


@pytest.mark.parametrize(
    ("rows", "points"),
    [
        ([40], 1.0),  # at once
        ([40, 50, 59], 1.0),  # later ones cost nothing
        ([], -1.0),
        ([5], -1.0),  # probation
        ([30], -1.0 - 0.11),  # before any window
        ([99], -1.0 + 0.11 * (2 / (1 + np.exp(5 * 40 / 19)) - 1)),
        ([59], (2 / (1 + np.exp(-5 / 20)) - 1) / (2 / (1 + np.exp(-5)) - 1)),
    ],
)
def test_by_hand(rows: list[int], points: float) -> None:
    files = {"a": (one_file(), detected(*rows))}
    assert score_at(files, STANDARD, 0.5) == pytest.approx(100 * (points + 1) / 2)


def test_far_behind_a_window_a_false_positive_costs_all() -> None:
    files = {"a": (one_file(first=20, last=24), detected(24 + 13))}
    assert score_at(files, STANDARD, 0.5) == pytest.approx(-100 * 0.11 / 2)


def test_the_best_threshold_takes_equal_scores_together() -> None:
    draw = np.random.default_rng(1)
    files = {
        f"{folder}/{name}": (one_file(), draw.integers(0, 8, 100) / 8.0)
        for folder in "ab"
        for name in "cd"
    }
    for profile in PROFILES.values():
        tried = {one: score_at(files, profile, one) for one in [*np.arange(9) / 8.0, np.inf]}
        assert scored(files, profile).score == pytest.approx(max(tried.values()))


def test_a_folder_is_held_to_the_threshold_of_the_others() -> None:
    files = {
        "a/1": (one_file(), detected(40) * 0.9),
        "b/1": (one_file(), detected(40) * 0.4 + detected(30) * 0.3),
    }
    # a is found at the threshold of b; b is not found at that of a.
    assert scored(files, STANDARD).score == 100
    assert cross_validated(files, STANDARD) == pytest.approx(50)


def test_a_window_in_the_probation_costs_nothing_and_is_counted() -> None:
    files = {"a": (one_file(first=2, last=9), detected())}
    assert files["a"][0].counted == 0
    assert score_at(files, STANDARD, 0.5) == pytest.approx(50)
    assert probation(100) == 15
    assert probation(10**6) == 750


def test_labels_of_another_file() -> None:
    with pytest.raises(BadInput, match="has no row"):
        label(np.array(["2026-01-01"], "datetime64[s]"), [("2025-01-01", "2025-01-02")])


def test_bundled_scores_are_those_of_ten(bundled: dict[str, Stream]) -> None:
    assert len(published()) == 10
    assert set(json.loads((DATA / "windows.json").read_text())) == set(bundled)
