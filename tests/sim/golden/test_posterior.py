"""The golden posterior against fractions, and its fast twin against it."""

import random
from fractions import Fraction

import mpmath
import numpy as np

from consilience_hw.spec.flags import CLAMPS_SHIFT, ResultStatus
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden

ZERO, LOW = Q16_16.log_of_zero, Q16_16.min_code


def random_agent(choose, hypotheses):
    scale = choose.choice([1, 5 << 16, 1 << 31])
    rows = [
        [
            ZERO if choose.random() < 0.05 else choose.randrange(-scale + 1, scale)
            for _ in range(hypotheses)
        ]
        for _ in range(choose.randrange(1, 6))
    ]
    weights = [choose.choice([0, 1, 32768, 65535, 65536]) for _ in rows]
    return rows, weights


def test_the_error_against_exact_posteriors():
    """Three roundings: its own d, the other d, the log sum."""
    choose = random.Random(1)
    with mpmath.workprec(200):
        for _ in range(300):
            rows, weights = random_agent(choose, 3)
            prior = [0, -65536, -131072]
            codes, status = golden.posterior(rows, weights, prior)
            if status:
                continue
            exact = [
                prior[h]
                + Fraction(sum(w * row[h] for row, w in zip(rows, weights, strict=True)), 65536)
                for h in range(3)
                if codes[h] != ZERO
            ]
            logs = [mpmath.mpf(x.numerator) / x.denominator for x in exact]
            total = max(logs) + 65536 * mpmath.log(
                sum(mpmath.power(2, (x - max(logs)) / 65536) for x in logs), 2
            )
            for code, log in zip([c for c in codes if c != ZERO], logs, strict=True):
                assert abs(code - (log - total)) <= 1.51


def test_ties_clamps_and_impossible_ones():
    half = 32768
    assert golden.posterior([[0, -1]], [half], [0, 0])[0] == [-65536, -65536]
    d = [
        codes[1] - codes[0]
        for codes, _ in (golden.posterior([[0, odd]], [half], [0, 0]) for odd in (-1, -3, -5))
    ]
    assert d == [0, -2, -2]
    codes, status = golden.posterior([[0, LOW], [0, LOW]], [65536, 65536], [0, 0])
    assert codes == [0, LOW]
    assert status == ResultStatus.CLAMPED | 1 << CLAMPS_SHIFT
    assert golden.posterior([[ZERO, 0]], [1], [0, 0]) == ([ZERO, 0], 0)
    assert golden.posterior([[ZERO, 0]], [0], [0, 0]) == ([-65536, -65536], 0)
    assert golden.posterior([[0, 0]], [1], [ZERO, ZERO]) == ([ZERO, ZERO], ResultStatus.IMPOSSIBLE)
    # The log sum, too, can push a value below the lowest code.
    codes, status = golden.posterior([[0, 0, LOW]], [65536], [0, 0, 0])
    assert codes == [-65536, -65536, LOW]
    assert status >> CLAMPS_SHIFT == 1


def test_the_last_bit_of_a_product_counts():
    """Sums of odd products at a tie, and one unit of 2**-16 ulp beside it."""
    for weights, d in (
        ([32767, 1], 0),
        ([65536, 32767, 1], -2),
        ([65536, 32767], -1),
        ([65536, 32769], -2),
    ):
        rows = [[0, -1]] * len(weights)
        codes, _ = golden.posterior(rows, weights, [0, 0])
        assert codes[1] - codes[0] == d
        offsets = np.array([0, len(rows)])
        many, _ = golden.posteriors(np.array(rows), offsets, np.zeros(2), np.array(weights))
        assert many.tolist() == [codes]


def test_the_vectorised_model_is_the_plain_one():
    choose = random.Random(2)
    for hypotheses in (2, 3, 16):
        agents = [random_agent(choose, hypotheses) for _ in range(120)]
        prior = [choose.choice([0, -70000, ZERO]) for _ in range(hypotheses)]
        evidence = np.array([row for rows, _ in agents for row in rows], np.int32)
        weight = np.array([w for _, weights in agents for w in weights], np.uint32)
        offsets = np.cumsum([0] + [len(rows) for rows, _ in agents])
        for given in (weight, None):
            posterior, status = golden.posteriors(evidence, offsets, np.array(prior), given)
            for k, (rows, weights) in enumerate(agents):
                used = weights if given is not None else [65536] * len(rows)
                expected = golden.posterior(rows, used, prior)
                assert (posterior[k].tolist(), status[k]) == expected
