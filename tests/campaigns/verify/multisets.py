"""Multisets of codes that a sum finds hard, and the orders in which they are given."""

import random
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from consilience_hw.spec.log_format import Q16_16

__all__ = ["Codes", "adversarial", "arrangements", "random_multisets"]

Codes = NDArray[np.int32]

ZERO, LOW, HIGH = Q16_16.log_of_zero, Q16_16.min_code, Q16_16.max_code
ONE = 1 << 16
BIN = 8 * ONE
WINDOW = Q16_16.window_bins * BIN


def adversarial() -> Iterator[tuple[str, Codes]]:
    """Yield (name, codes): what ReproBLAS tests, and what our own bins, window and cut invite."""
    small = [-WINDOW - ONE * (k % 17) for k in range(120)]
    cases: dict[str, list[int]] = {
        "empty": [],
        "all log of zero": [ZERO] * 70,
        "log of zero among others": [ZERO, 0, ZERO, -5, ZERO],
        "one huge, many small": [HIGH - 40 * ONE, *small],
        "one huge above its window": [0, *[-2 * WINDOW] * 130],
        "all equal": [-12345] * 130,
        "all equal, largest": [HIGH - 20 * ONE] * 100,
        "all equal, lowest": [LOW] * 100,
        "extremes together": [LOW, HIGH, LOW, HIGH - ONE, ZERO],
        "saturating": [HIGH] * 65,
        "a bin a step, through the window": [-BIN * k for k in range(20)],
        "carries from the lowest bin to the top": [-ONE * k for k in range(1, 60)] + [-59 * ONE],
        "bins all ones": [-ONE * k - 1 for k in range(64)] * 2,
        "carry at a bin border": [BIN - 1] * 129,
        "below a bin border": [BIN - ONE] * 127 + [-ONE],
        "terms at the cut": [0] + [-WINDOW] * 128,
        "terms just above the cut": [0] + [-WINDOW + 1] * 128,
        "terms just below the cut": [0] + [-WINDOW - 1] * 128,
        "terms a position below the cut": [0] + [-WINDOW - ONE] * 128,
        "the cut moves with the top": [-BIN + 1, -WINDOW - BIN, 0, -WINDOW] * 20,
        "powers of two": [ONE * (k % 40) for k in range(100)],
        "cancelling magnitudes": [k * ONE * (-1) ** k for k in range(60)],
    }
    for name, codes in cases.items():
        yield name, np.array(codes, np.int32)


def random_multisets(count: int, seed: int) -> Iterator[tuple[str, Codes]]:
    """Yield random multisets of 1 to 200 codes, of one scale or of several."""
    choose = random.Random(seed)
    for number in range(count):
        base = choose.randrange(LOW, HIGH)
        scales = choose.sample([1, ONE, BIN, 70 * ONE, 1 << 32], choose.choice([1, 1, 2]))
        codes = [
            max(ZERO, base - choose.randrange(choose.choice(scales)))
            for _ in range(choose.choice([1, 2, 3, 10, 64, 65, 200]))
        ]
        yield f"random {number} of seed {seed}", np.array(codes, np.int32)


def arrangements(codes: Codes, seed: int) -> Iterator[tuple[str, Codes]]:
    """Yield (name, the same codes in another order)."""
    wide = codes.astype(np.int64)
    yield "as given", codes
    yield "reversed", codes[::-1]
    yield "ascending", np.sort(codes)
    yield "descending", np.sort(codes)[::-1]
    yield "by magnitude", codes[np.argsort(np.abs(wide), kind="stable")]
    yield "by fraction", codes[np.argsort(wide & 0xFFFF, kind="stable")]
    rng = np.random.default_rng(seed)
    for number in range(5):
        yield f"shuffle {number} of seed {seed}", rng.permutation(codes)
