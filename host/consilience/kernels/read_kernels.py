"""What a read works out, compiled: histograms trimmed, ages, and shards weighed. Integers only."""

import numpy as np
from numpy.typing import NDArray

from consilience.kernels.compiling import compiled, inlined
from consilience.numbers.arrays import Words
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.number_formats import AGE_BITS, CLIP_BIN, ONE, RATIO_BINS, WEIGHT_BITS

__all__ = ["IMPOSSIBLE", "LONGEST_AGE", "NEVER", "age_each", "trim_each", "weigh", "weigh_shards"]

LONGEST_AGE = (1 << AGE_BITS) - 1
"""ms; a longer age counts as this one, which is at or beyond every `max_age_ms`."""
NEVER = -1
"""Age of a shard that was never heard from, and the moment at which its state was sent."""
IMPOSSIBLE = -1
"""Unseen reporters, where the evidence of a shard is more than its reporters can sum to."""

_MS_NS, _SECOND_MS = 1_000_000, 1_000
_LARGEST = 1 << 62
_FRACTION, _FRACTION_BITS = Q16_16.fractions - 1, Q16_16.fraction_bits
_DROPPED = Q16_16.mantissa_bits - WEIGHT_BITS
_FARTHEST = Q16_16.mantissa_bits + 2
"""Half-lives from which on the shift leaves nothing."""

Numbers = NDArray[np.int64]


@compiled
def trim_each(counts: Numbers, faulty: int) -> Numbers:
    """Return trimmed sum, low and high, (3, H), of histograms (H, 257); see `robust_sums`."""
    sums = np.empty((3, len(counts)), np.int64)
    for row in range(len(counts)):
        total = lowest = negative = highest = positive = 0
        below = above = faulty
        for place in range(RATIO_BINS):
            value, count = place - CLIP_BIN, counts[row, place]
            total += count * value
            taken = min(below, count)
            below -= taken
            lowest += taken * value
            negative += taken * min(value, 0)
            # The same from the other end.
            taken = min(above, counts[row, RATIO_BINS - 1 - place])
            above -= taken
            highest -= taken * value
            positive += taken * max(-value, 0)
        sums[0, row] = total - lowest - highest
        sums[1, row] = total - positive
        sums[2, row] = total - negative
    return sums


@compiled
def age_each(now_ns: int, sent_ns: Numbers, drift: int) -> Numbers:
    """Return ages in ms, see `ages_ms`."""
    ages = np.full(len(sent_ns), NEVER)
    for place, sent in enumerate(sent_ns):
        if sent != NEVER:
            age = now_ns - sent
            age += age // drift + 1
            ages[place] = max(-(-age // _MS_NS), 1)
    return ages


@inlined
def _weight(age: int, grace: int, half_life: int, max_age: int, table: Words) -> int:
    if age >= max_age:
        return 0
    code = -((max(age - grace, 0) << WEIGHT_BITS) // half_life)
    places = min(-(code >> _FRACTION_BITS), _FARTHEST) + _DROPPED
    weight: int = (table[code & _FRACTION] + (1 << (places - 1))) >> places
    return weight


@compiled
def weigh(ages: Numbers, grace: int, half_life: int, max_age: int, table: Words) -> Numbers:
    """Return the weights of ages in 0 .. `LONGEST_AGE`; see `Discount`."""
    weights = np.empty(len(ages), np.int64)
    for place, age in enumerate(ages):
        weights[place] = _weight(age, grace, half_life, max_age, table)
    return weights


@compiled
def weigh_shards(
    ages: Numbers,
    evidence: Numbers,
    enrolled: Numbers,
    rules: tuple[int, int, int, int, int],
    table: Words,
) -> tuple[Numbers, int, int, int, int]:
    """Return the weights of shards, and what they come to; see `ShardArrays.estimate`.

    Parameters
    ----------
    ages, evidence, enrolled : ndarray of int64, shape (S,)
    rules : tuple of int
        changes_per_s, clip, and the discount's grace, half-life and greatest age.
    table : ndarray of uint32
        Mantissas of `Exp2`.

    Returns
    -------
    tuple
        Weights (S,); their sum over evidence; the error bound; the sum of the weights over
        enrolled reporters; reporters that may have changed unseen, or `IMPOSSIBLE`.
    """
    rate, clip, grace, half_life, max_age = rules
    weights = np.zeros(len(ages), np.int64)
    point = bound = whole = moved = 0
    for place in range(len(ages)):
        age, size = ages[place], abs(evidence[place])
        if size > enrolled[place] * clip or (age == NEVER and size):
            return weights, 0, 0, 0, IMPOSSIBLE
        unseen, weight = enrolled[place], 0
        if age != NEVER:
            weight = _weight(min(age, LONGEST_AGE), grace, half_life, max_age, table)
            # Where this cuts, all have changed: there are fewer than 2**44 reporters.
            unseen = min(unseen, -(-rate * min(age, _LARGEST // rate) // _SECOND_MS))
        weights[place] = weight
        point += weight * evidence[place]
        bound += (ONE - weight) * size + ONE * 2 * clip * unseen
        whole += weight * enrolled[place]
        moved += unseen
    return weights, point, bound, whole, moved
