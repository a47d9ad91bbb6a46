"""`RobustHistogram` in compiled simulation, bit for bit against the golden model."""

import numpy as np
import pytest

from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from consilience_sim.compiled.robust_simulation import (
    SCAN_LATENCY,
    robust_beats,
    robust_simulation,
    scan_of,
)

UNITS = (1, 2, 3, 7, 512, 1000, 1024, 2**24 - 1, 2**24)
EXTREMES = np.array([Q16_16.log_of_zero, Q16_16.min_code, Q16_16.max_code, 0, 1, -1], np.int32)


@pytest.fixture(scope="module")
def unit_under_test():
    with robust_simulation() as simulation:
        yield simulation


@pytest.fixture
def histogram(unit_under_test):
    """The unit, left empty by the scan before."""
    scan_of(unit_under_test, robust_beats(EXTREMES[:0], 1), 1, 0)
    return unit_under_test


def ratios_of(rng, count, unit):
    """Return ratios in, on the edge of, and beyond the bins of `unit`, and in runs of one bin."""
    kind = rng.integers(5)
    if kind == 0:
        return rng.choice(EXTREMES, count)
    if kind == 1:  # the same few bins again and again, at every distance
        return rng.choice(rng.integers(-3, 4, 2) * unit, count).astype(np.int32)
    if kind == 2:
        return np.repeat(rng.integers(-200, 200, count // 3 + 1), 3)[:count].astype(np.int32)
    if kind == 3:
        edge = rng.integers(-130, 131, count) * unit + unit // 2 + rng.integers(-1, 2, count)
        return edge.clip(-(2**31), 2**31 - 1).astype(np.int32)
    return rng.integers(-(2**31), 2**31, count).astype(np.int32)


def check(result, values, faulty, unit, threshold):
    scan, latency = result
    assert latency == SCAN_LATENCY
    assert not scan.impossible
    assert not scan.refused
    expected = golden.robust(values, faulty, unit, threshold)
    assert (*scan[:4], scan.above - scan.below) == expected


@pytest.mark.parametrize("seed", range(4))
def test_equals_golden_at_adversarial_streams(histogram, seed):
    rng = np.random.default_rng(seed)
    for trial in range(150):
        unit = int(rng.choice(UNITS))
        kept = ratios_of(rng, int(rng.integers(1, 120)), unit)
        gone = ratios_of(rng, int(rng.integers(0, 60)), unit)
        order = rng.permutation(len(kept) + len(gone))
        stream = np.concatenate([np.concatenate([kept, gone])[order], gone])
        remove = np.arange(len(stream)) >= len(order)
        faulty = int(rng.integers(0, (len(kept) - 1) // 3 + 1))
        reach = int(rng.choice([1, 2**17, 2**40, 2**62]))
        near = int(golden.robust(kept.tolist(), faulty, unit)[2 + trial % 2]) * unit
        threshold = int(
            rng.choice([near, near + 1, near - 1, int(rng.integers(-reach, reach + 1))])
        )
        beats = robust_beats(stream, unit, remove=remove)
        gaps = float(rng.choice([0.0, 0.4]))
        result = scan_of(histogram, beats, unit, faulty, threshold, gaps=gaps, seed=trial)
        check(result, kept.tolist(), faulty, unit, threshold)


@pytest.mark.parametrize("unit", UNITS)
def test_the_log_of_zero_clips_at_every_unit_without_a_rule_of_its_own(histogram, unit):
    """Its size is exactly bin 128 of the largest unit."""
    values = [Q16_16.log_of_zero, Q16_16.min_code, Q16_16.log_of_zero]
    beats = robust_beats(np.array(values, np.int32), unit)
    check(scan_of(histogram, beats, unit, 0), values, 0, unit, 0)


def test_adds_and_removes_of_one_bin_never_wait(histogram):
    """Every pattern of eight adds and removes of two bins back to back."""
    for pattern in range(1 << 8):
        place = np.array([pattern >> bit & 1 for bit in range(8)], np.int32)
        stream = np.repeat(place, 2)
        remove = np.arange(16) % 2 == 1
        stream, remove = np.append(stream, [5, 1, 0]), np.append(remove, [False] * 3)
        beats = robust_beats(stream.astype(np.int32), 1, remove=remove)
        check(scan_of(histogram, beats, 1, 0), [5, 1, 0], 0, 1, 0)
    _, accepted, _ = histogram.run(beats, 0, max_cycles=100)
    assert np.diff(accepted).tolist() == [1] * (len(beats) - 1)


def test_a_scan_keeps_the_counts_and_clear_empties_them(histogram):
    beats = robust_beats(np.array([3, 4, -9, 2], np.int32), 1)
    check(scan_of(histogram, beats, 1, 1, clear=False), [3, 4, -9, 2], 1, 1, 0)
    check(scan_of(histogram, beats[:1], 1, 1, clear=True), [3, 4, -9, 2, 3], 1, 1, 0)
    check(scan_of(histogram, beats[1:2], 1, 0), [4], 0, 1, 0)


def test_too_few_reporters_and_impossible_removals_are_flagged(histogram):
    scan, latency = scan_of(histogram, robust_beats(EXTREMES[:3], 1), 1, 1)
    assert (scan.refused, scan.above, scan.below, latency) == (1, 0, 0, SCAN_LATENCY)
    absent = robust_beats(np.array([1, 2], np.int32), 1, remove=np.array([False, True]))
    assert scan_of(histogram, absent, 1, 0, clear=False)[0].impossible
    assert scan_of(histogram, absent[:1], 1, 0)[0].impossible
