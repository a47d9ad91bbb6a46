"""The vector set is the same for ever, and holds what its docstring says."""

import numpy as np

from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from consilience_sim.reference.vectors import PACKETS, SHORT, results_digest, split_mix, vector_set


def test_the_generator_is_splitmix64():
    """First outputs for seed 0 and 1234567, as published with the generator."""
    assert [hex(value) for value in split_mix(0, 2)] == ["0xe220a8397b1dcdaf", "0x6e789e6aa1b965f4"]
    assert split_mix(1234567, 1)[0] == 6457827717110365317


def test_contents():
    codes, offsets = vector_set()
    lengths = np.diff(offsets)
    assert len(lengths) == PACKETS
    assert set(range(131)) <= set(lengths.tolist())
    assert {Q16_16.log_of_zero, Q16_16.min_code, Q16_16.max_code, 0} <= set(codes.tolist())
    assert not codes.flags.writeable
    assert (np.diff(lengths[:SHORT]) != 0).mean() > 0.8, "kinds are mixed from the start"


def test_the_digests_are_pinned():
    codes, status = golden.log_sums(*vector_set())
    assert results_digest(codes, status) == (
        "cf2b427f9c25dabb0f86c808d24b19bee8411d38feace6f06ec620d45cade0dc"
    )
    assert results_digest(codes[:SHORT], status[:SHORT]) == (
        "b4374a01b1c4e45222803696fd54362257e341b17e8a3648fe4b14a832069d7f"
    )
