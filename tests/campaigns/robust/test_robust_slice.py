"""A slice of the robust campaign, and that it notices planted faults."""

import numpy as np
import pytest

import consilience as cs
from tests.campaigns.robust.attacks import ATTACKS
from tests.campaigns.robust.trials import SHARES, liars_of, run_attack, scan


@pytest.mark.parametrize("attack", ATTACKS)
def test_guarantees_under_attack(attack):
    rng = np.random.default_rng(3)
    for share in SHARES[:-1]:
        assert not any(run_attack(attack, share, 100, rng).violations.values())


def test_the_guarantees_end_before_half_of_the_reporters():
    tally = run_attack("clip-maximal", "n/2", 400, np.random.default_rng(4))
    assert all(tally.violations.values())


def _trims_one_too_few(ratios, faulty, clip, threshold):
    found = scan(ratios, max(0, faulty - 1), clip, threshold)
    return scan(ratios, faulty, clip, threshold)._replace(
        trimmed_sum=found.trimmed_sum, trimmed_count=found.trimmed_count
    )


def _interval_of_one_liar_fewer(ratios, faulty, clip, threshold):
    found = scan(ratios, max(0, faulty - 1), clip, threshold)
    return scan(ratios, faulty, clip, threshold)._replace(low=found.low, high=found.high)


def _decides_by_the_trimmed_sum(ratios, faulty, clip, threshold):
    found = scan(ratios, faulty, clip, threshold)
    value = found.trimmed_sum * clip // 128
    return found._replace(decision=(value > threshold) - (value < threshold))


@pytest.mark.parametrize(
    ("guarantee", "fault"),
    [
        ("G1", _trims_one_too_few),
        ("G2", _interval_of_one_liar_fewer),
        ("G3", _decides_by_the_trimmed_sum),
    ],
)
def test_planted_faults_are_caught(guarantee, fault):
    rng = np.random.default_rng(5)
    found = run_attack("overflow codes", "ceil(n/3)-1", 400, rng, fault).violations
    assert found[guarantee] > 0
    assert all(count == 0 for name, count in found.items() if name != guarantee)


def test_intransitive_collusion_decides_no_pair_against_the_honest():
    """Liars push three pairs round a circle; a decided pair is the honest reporters' own."""
    rng = np.random.default_rng(6)
    decided = 0
    with cs.open("cpu") as device:
        for _ in range(500):
            n = int(rng.integers(4, 40))
            liars = liars_of("ceil(n/3)-1", n)
            level = rng.integers(-100, 101, 3)
            ahead = np.array([level[0] - level[1], level[0] - level[2], level[1] - level[2]])
            honest = np.clip(ahead + rng.integers(-40, 41, (n - liars, 3)), -128, 128)
            lies = np.tile([128, -128, 128], (liars, 1)) * rng.choice([-1, 1])
            found = device.robust(np.concatenate([honest, lies]), liars, 128).decision
            own = np.sign(honest.sum(axis=0))
            assert ((found == 0) | (found == own)).all()
            decided += np.count_nonzero(found)
    assert decided > 100
