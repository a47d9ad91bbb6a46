"""The segments of G give every value of the golden model, and are those that a fit finds."""

import mpmath
import numpy as np

from consilience_hw.spec.log_add_table import FIRST_ZERO, SEGMENT_BITS, SEGMENTS, log_add_segments
from consilience_sim.golden.log_add import log_add_table

LENGTH = 1 << SEGMENT_BITS
LOW = np.arange(LENGTH, dtype=np.int64)
SHAPE = LOW * (LENGTH - LOW)


def test_all_values():
    table, distances = log_add_table(), np.arange(SEGMENTS * LENGTH)
    base, slope, bend = log_add_segments()[distances >> SEGMENT_BITS].T
    low = distances & LENGTH - 1
    found = (base * 2**19 - slope * low * 2**9 - bend * low * (LENGTH - low)) >> 32
    assert (found == table[: len(found)]).all()
    assert set(table[len(found) : FIRST_ZERO].tolist()) == {1} and len(table) == FIRST_ZERO + 1
    widths = [int(one).bit_length() for one in log_add_segments().max(axis=0)]
    assert widths == [30, 22, 13] and log_add_segments().min() >= 0


def exact(distance):
    return 65536 * mpmath.log(1 + mpmath.mpf(2) ** (mpmath.mpf(-distance) / 65536), 2)


def fitted(values, number):
    """Return the constants nearest to chord and bend of the true curve that give all values."""
    start = number * LENGTH
    first, middle, last = (exact(start + one) for one in (0, LENGTH // 2, LENGTH))
    slope = int(mpmath.nint((first - last) / LENGTH * 2**23))
    bend = int(mpmath.nint(((first + last) / 2 - middle) / (LENGTH // 2) ** 2 * 2**32))
    for away in range(60):
        around = range(-away, away + 1)
        for more_bend, more_slope in ((q, s) for q in around for s in around):
            if max(abs(more_bend), abs(more_slope)) < away or bend + more_bend < 0:
                continue
            s, q = slope + more_slope, bend + more_bend
            below = s * LOW * 2**9 + q * SHAPE
            least, most = (values * 2**32 + below).max(), ((values + 1) * 2**32 + below).min() - 1
            base = -(-int(least) >> 19)
            if base << 19 <= most:
                return [base, s, q]
    raise AssertionError(f"segment {number} has no such constants")


def test_the_constants_are_those_of_a_fit():
    table = log_add_table()[: SEGMENTS * LENGTH].astype(np.int64).reshape(SEGMENTS, LENGTH)
    assert [fitted(table[one], one) for one in range(SEGMENTS)] == log_add_segments().tolist()
