"""Streams of numbers: equal to a plain calculation, and surprised by what is odd."""

import json

import numpy as np
import pytest
from scipy import stats

from consilience.errors import BadInput
from consilience.kernels.numeric_kernels import SHAPES
from consilience.models.numeric_stream import NumericStream

HOUR = 3600
FIVE_MINUTES = 300


def plain_surprise(values: np.ndarray, moving: bool) -> np.ndarray:
    """Surprise without hours, each row from all before it."""
    log = np.sign(values) * np.log1p(np.abs(values))
    means = np.full(len(values), np.nan)
    for at in range(len(values)):
        if moving:
            means[at] = np.average(values[: at + 1], weights=0.9 ** np.arange(at, -1, -1))
        elif at % 10 == 9:
            means[at] = values[at - 9 : at + 1].mean()
    far = np.fmax.reduce([plain_distance(view) for view in (values, log, means)])
    spreads = [3.0 if one == 2 else np.sqrt(one / (one - 2)) for one in SHAPES]
    found, evidence = [], np.zeros(len(SHAPES))
    for one in far:
        weights = np.exp(evidence - evidence.max())
        tails = [2 * stats.t.sf(one * s, nu) for s, nu in zip(spreads, SHAPES, strict=True)]
        found.append(-np.log2(np.maximum(weights @ np.maximum(tails, 2.0**-52), 0) / weights.sum()))
        fits = [
            stats.t.logpdf(one * s, nu) + np.log(s) for s, nu in zip(spreads, SHAPES, strict=True)
        ]
        evidence = 0.99 * evidence + fits
    return np.array(found)


def plain_distance(view: np.ndarray) -> np.ndarray:
    far = np.full(len(view), np.nan)
    rows = np.flatnonzero(~np.isnan(view))
    for place, at in enumerate(rows):
        past = view[rows[:place]]
        if not len(past):
            far[at] = 0.0
            continue
        weights = (1 - 1 / 2000) ** np.arange(len(past) - 1, -1, -1.0)
        mean = np.average(past, weights=weights)
        scale = np.sqrt(np.average((past - mean) ** 2, weights=weights))
        off, scale = abs(view[at] - mean), max(scale, 1e-6 * abs(past).max())
        far[at] = 0.0 if off == 0 else 1e9 if scale * 1e9 <= off else off / scale
    return far


@pytest.mark.parametrize("moving", [False, True])
def test_equal_to_a_plain_calculation(moving: bool) -> None:
    values = 5 + np.random.default_rng(1).standard_t(3, 300)
    values[200:] += 4
    found = NumericStream(moving).surprise(values)
    plain = plain_surprise(values, moving)
    np.testing.assert_allclose(2.0**-found, 2.0**-plain, rtol=1e-7, atol=1e-15)
    assert found.min() >= 0
    assert found.max() <= 52


@pytest.mark.parametrize("moving", [False, True])
def test_goes_on_where_it_was_cut(moving: bool) -> None:
    draw = np.random.default_rng(2)
    values, seconds = draw.normal(size=5000), np.arange(5000) * FIVE_MINUTES
    values[draw.integers(0, 5000, 40)] = np.nan
    whole = NumericStream(moving).surprise(values, seconds)
    stream, parts = NumericStream(moving), []
    for first, last in ((0, 1), (1, 7), (7, 3333), (3333, 5000)):
        parts.append(stream.surprise(values[first:last], seconds[first:last]))
        stream = NumericStream.from_json(json.loads(json.dumps(stream.as_json())))
    assert np.array_equal(np.concatenate(parts), whole, equal_nan=True)


def test_a_copy_goes_on_by_itself() -> None:
    stream = NumericStream()
    stream.surprise(np.arange(50.0))
    before = stream.as_json()
    stream.copy().surprise([1.0, 2.0])
    assert stream.as_json() == before


def test_a_constant_stream_is_surprised_by_any_other_value() -> None:
    values = np.full(500, 45.0)
    values[400] = 45.1
    found = NumericStream().surprise(values)
    assert found[:400].max() == 0
    assert found[400] > 20


def test_missing_values_teach_nothing() -> None:
    values = np.random.default_rng(3).normal(size=400)
    holes = np.insert(values, [5, 100, 100, 399], np.nan)
    found = NumericStream().surprise(holes)
    assert np.array_equal(np.isnan(found), np.isnan(holes))
    np.testing.assert_array_equal(found[~np.isnan(found)], NumericStream().surprise(values))


def test_repeated_timestamps_are_rows_like_others() -> None:
    values = np.random.default_rng(4).normal(size=400)
    seconds = np.repeat(np.arange(200) * HOUR, 2)
    assert np.isfinite(NumericStream().surprise(values, seconds)).all()


def daily(days: int) -> tuple[np.ndarray, np.ndarray]:
    """High from 9 to 18 h, rows of five minutes."""
    seconds = np.arange(days * 288) * FIVE_MINUTES
    hours = seconds // HOUR % 24
    noise = np.random.default_rng(5).normal(size=len(seconds))
    return np.where((hours >= 9) & (hours < 18), 80.0, 20.0) + noise, seconds


def test_a_quiet_day_is_surprising_where_days_are_known_and_not_where_they_are_not() -> None:
    values, seconds = daily(14)
    noon = 12 * 288 + 9 * 12
    values[noon : noon + 24] = 20.0
    known = NumericStream().surprise(values, seconds)
    unknown = NumericStream().surprise(values)
    assert known[noon] > 20 > 12 > known[noon - 288 : noon - 240].max()
    assert unknown[noon : noon + 5].max() < 3


def test_a_weekend_is_expected_where_weeks_are_known() -> None:
    values, seconds = daily(70)
    weekend = seconds // (24 * HOUR) % 7 >= 5
    values = np.where(weekend, 20 + np.random.default_rng(6).normal(size=len(values)), values)
    found = NumericStream().surprise(values, seconds)
    last = slice(68 * 288 + 9 * 12, 68 * 288 + 18 * 12)
    assert weekend[last].all()
    changed = values.copy()
    changed[last] = 80.0
    first = last.start
    assert found[first] < 6
    assert NumericStream().surprise(changed, seconds)[first] > 20


def test_units_do_not_matter_but_to_the_logarithm() -> None:
    values = np.random.default_rng(7).normal(size=300)
    tiny = NumericStream().surprise(values * 1e-30)
    assert np.isfinite(tiny).all()
    assert tiny.max() > 5


def test_rows_before_an_odd_one_do_not_know_of_it() -> None:
    values = np.random.default_rng(8).normal(size=300)
    changed = values.copy()
    changed[250:] = 1e6
    np.testing.assert_array_equal(
        NumericStream().surprise(values)[:250], NumericStream().surprise(changed)[:250]
    )


@pytest.mark.parametrize(
    ("values", "seconds", "cure"),
    [
        ([1.0, np.inf], None, "infinite"),
        ([1.0, -1e101], None, "larger unit"),
        ([1.0, 2.0], [1], "one shape"),
        ([[1.0], [2.0]], None, "one shape"),
    ],
)
def test_refused(values: object, seconds: object, cure: str) -> None:
    stream = NumericStream()
    with pytest.raises(BadInput, match=cure):
        stream.surprise(values, seconds)
    assert stream.as_json() == NumericStream().as_json()


@pytest.mark.parametrize("wrong", ["missing", "short", "infinite", "moving"])
def test_damaged_json(wrong: str) -> None:
    value = NumericStream().as_json()
    if wrong == "missing":
        del value["bins"]
    elif wrong == "short":
        value["level"] = value["level"][1:]
    elif wrong == "infinite":
        value["largest"] = [float("inf")] * 3
    else:
        value["moving"] = 1
    with pytest.raises((KeyError, ValueError)):
        NumericStream.from_json(value)
