"""Robust fusion on the simulated device."""

import numpy as np

import consilience as cs


def test_the_sim_device_equals_the_cpu_device():
    rng = np.random.default_rng(9)
    with cs.open("sim") as sim, cs.open("cpu") as cpu:
        for faulty, threshold in ((0, 0), (13, -5), (21, 2**70), (3, -(2**70))):
            ratios = rng.integers(-(2**18), 2**18, (64, 3)).astype(np.int32)
            one, other = (d.robust(ratios, faulty, 1 << 17, threshold) for d in (sim, cpu))
            for ours, theirs in zip(one, other, strict=True):
                assert np.array_equal(ours, theirs)
