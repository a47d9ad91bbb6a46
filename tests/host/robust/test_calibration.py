"""Calibration sets: what is read is what was written, and no other; evidence quality by hand."""

import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consilience.errors import BadInput
from consilience.robust.calibration import Calibration
from consilience.robust.quality import evidence_quality
from consilience_sim import golden

BIT = 1 << 16
CODES = st.one_of(st.integers(-3 * BIT, 3 * BIT), st.sampled_from([-(2**31), 2**31 - 1]))


def calibration(first=(BIT, 3 * BIT, -BIT // 2), second=(-2 * BIT, -BIT, -BIT)):
    return Calibration.of("2026-01-31", "by hand", ("lies", "tells the truth"), first, second)


def test_a_file_gives_the_same_set(tmp_path):
    made = calibration()
    made.write(tmp_path / "set.json")
    found = Calibration.read(tmp_path / "set.json", made.digest)
    assert found.digest == made.digest
    assert (found.date, found.source, found.names) == (made.date, made.source, made.names)
    assert found.first.tolist() == [-BIT // 2, BIT, 3 * BIT]
    assert found.second.tolist() == [-2 * BIT, -BIT, -BIT]
    text = (tmp_path / "set.json").read_text()
    made.write(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text() == text


def test_every_changed_field_changes_the_digest():
    one = calibration()
    others = [
        Calibration.of("2026-02-01", one.source, one.names, one.first, one.second),
        Calibration.of(one.date, "elsewhere", one.names, one.first, one.second),
        Calibration.of(one.date, one.source, ("lies", "is silent"), one.first, one.second),
        Calibration.of(one.date, one.source, one.names, one.second, one.first),
        Calibration.of(one.date, one.source, one.names, [*one.first, BIT], one.second),
    ]
    assert len({one.digest, *(other.digest for other in others)}) == 6


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("date", "2026-02-01"),
        ("source", "elsewhere"),
        ("first", [[BIT, 3]]),
        ("second", [[-BIT, 3]]),
        ("sha256", "0" * 64),
    ],
)
def test_a_changed_file_is_refused(tmp_path, field, value):
    path = tmp_path / "set.json"
    calibration().write(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    with pytest.raises(BadInput, match="damaged, its hash is"):
        Calibration.read(path, calibration().digest)


def test_another_set_is_refused(tmp_path):
    path = tmp_path / "set.json"
    other = calibration(first=[BIT])
    other.write(path)
    with pytest.raises(BadInput, match=f"another calibration set, {other.digest}, not"):
        Calibration.read(path, calibration().digest)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "no calibration set"),
        ("[]", "no calibration set"),
        ('{"format": "another"}', "format 'another', not"),
        ('{"format": "consilience calibration 1", "names": ["a"]}', "no calibration set"),
    ],
)
def test_what_is_no_set(tmp_path, text, message):
    path = tmp_path / "set.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=message):
        Calibration.read(path, "")
    with pytest.raises(BadInput, match="no calibration set"):
        Calibration.read(tmp_path / "none.json", "")


def test_a_class_without_runs():
    with pytest.raises(BadInput, match="needs runs of both hypotheses"):
        calibration(second=[])


def test_quality_by_hand():
    quality = evidence_quality(calibration(), BIT)
    assert quality.first == (1 + 1 - Fraction(1, 2)) / 3  # 1, 3 clipped to 1, -1/2
    assert quality.second == 1
    assert quality.quality == Fraction(1, 2)
    assert quality.breakdown == Fraction(1, 3)
    assert quality.certified == Fraction(1, 5)
    assert float(quality.breakdown) == 1 / 3


def test_evidence_that_misleads_bears_no_liar():
    quality = evidence_quality(calibration(first=[-BIT, BIT // 2]), BIT)
    assert quality.quality == Fraction(-1, 4)
    assert quality.breakdown == quality.certified == 0


@given(st.lists(CODES, min_size=1), st.lists(CODES, min_size=1), st.sampled_from([1, 512, 1024]))
def test_quality_is_the_mean_of_the_golden_bins(first, second, unit):
    found = evidence_quality(calibration(first, second), 128 * unit)

    def mean(ratios):
        bins = [golden.binned_ratio(ratio, unit) for ratio in ratios]
        return Fraction(sum(bins), 128 * len(bins))

    assert (found.first, found.second) == (mean(first), -mean(second))
    assert found.quality == min(mean(first), -mean(second))


@given(st.lists(CODES, min_size=1, max_size=30), st.integers(1, 60))
def test_below_the_breakdown_the_mean_of_the_sum_is_right(ratios, liars):
    """The definition: a population that is exactly the calibration set, and liars at the clip."""
    quality = evidence_quality(
        calibration(ratios, [-x for x in ratios if x > -(2**31)] or [0]), BIT
    )
    honest = len(ratios)
    share = Fraction(liars, honest + liars)
    bins = np.array([golden.binned_ratio(ratio, 512) for ratio in ratios])
    if share < quality.breakdown:
        assert bins.sum() - 128 * liars > 0
    if quality.first == quality.quality and quality.first > 0 and share > quality.breakdown:
        assert bins.sum() - 128 * liars < 0
