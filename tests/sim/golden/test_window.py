"""The golden window: any tree of merges is the window of the union."""

import random

from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden

ZERO = Q16_16.log_of_zero


def random_codes(choose):
    base = choose.randrange(-300 << 16, 300 << 16)
    return [
        ZERO if choose.random() < 0.1 else base - choose.randrange(80 << 16)
        for _ in range(choose.randrange(6))
    ]


def test_merges_in_any_tree():
    choose = random.Random(1)
    for _ in range(500):
        parts = [random_codes(choose) for _ in range(4)]
        union = [code for part in parts for code in part]
        states = [golden.window(part) for part in parts]
        while len(states) > 1:
            choose.shuffle(states)
            states.append(golden.merge_windows(states.pop(), states.pop()))
        assert states[0] == golden.window(union)
        assert golden.log2_of_window(states[0]) == golden.log_sum(union)


def test_empty():
    empty = golden.window([])
    assert empty.top is None
    assert golden.merge_windows(empty, empty) == empty
    assert golden.log2_of_window(empty) == (ZERO, 0)
