"""From how many on: exact, and sufficient whatever the law of the evidence."""

from fractions import Fraction

import numpy as np
import pytest

from consilience.coverage.evidence_law import EvidenceLaw
from consilience.coverage.lowest_sum import chance_above
from consilience.coverage.promise import Need, Question, least
from consilience.coverage.why_not import why_not
from consilience.errors import BadInput

BIT = 65_536


def question(enrolled=100, liars=10, limit=0, **other):
    values = {"clip": BIT, "observations": 1, "cost": 0, "sure": Fraction(99, 100)} | other
    return Question(enrolled=enrolled, liars=liars, limit=limit, **values)


def test_it_decides_from_f_times_2_plus_r_over_r_on():
    for liars, r in ((10, Fraction(2, 3)), (7, Fraction(3, 4)), (3, Fraction(1, 2))):
        need = Need(question(liars=liars), r)
        assert least(need.decides, 100) == liars * (2 + r) // r + 1
        whole = Need(question(liars=liars), r, whole=True)
        assert least(whole.decides, 100) == (100 + liars * (2 + r)) // (1 + r) + 1


@pytest.mark.parametrize("kind", ["two ends", "one value", "end and middle"])
def test_what_is_sure_is_so_for_every_law_of_that_quality(kind):
    """Of three laws with r = 1/2 none misses the probability that is asked for."""
    shares = np.zeros(257)
    places = {"two ends": {256: 0.75, 0: 0.25}, "one value": {192: 1.0},
              "end and middle": {256: 0.5, 128: 0.5}}[kind]  # fmt: skip
    for place, share in places.items():
        shares[place] = share
    for liars in (0, 3, 9):
        need = Need(question(enrolled=400, liars=liars), Fraction(1, 2))
        count = least(need.is_sure, 400)
        assert count <= 400
        assert chance_above(shares, count - liars, liars, 0)[0] >= 0.99


def test_why_no_number_suffices_names_what_would():
    r = Fraction(64, 100)
    assert "does not speak for the truth" in why_not(Need(question(), Fraction(0)))
    assert "enrol 121 or more" in why_not(Need(question(liars=40), r))
    assert "bears 24 here" in why_not(Need(question(liars=30), r))
    told = why_not(Need(question(liars=24, limit=20 * BIT), r))
    assert "3,126 would do" in told

    # As many as it names do, and fewer do not.
    def of(count):
        return Need(question(count, count * 24 // 100, 20 * BIT), r).decides(count)

    assert of(3_150) and not of(3_100)


def test_questions_that_cannot_be_are_refused():
    for values in ({"enrolled": 0}, {"liars": 100}, {"liars": -1}, {"sure": Fraction(1)}):
        with pytest.raises(BadInput):
            question(**values)


def test_the_band_holds_every_law_within_its_reach():
    counts = np.zeros(257, np.int64)
    counts[[0, 100, 200, 256]] = [30, 200, 300, 470]
    law = EvidenceLaw(counts)
    worst, best = law.worst(), law.best()
    assert worst.sum() == pytest.approx(1) and best.sum() == pytest.approx(1)
    apart = np.cumsum(worst) - np.cumsum(law.shares)
    assert apart.max() == pytest.approx(law.reach) and apart.min() >= -1e-12
    assert (np.cumsum(law.shares) - np.cumsum(best)).max() == pytest.approx(law.reach)
    assert law.quality == Fraction(-30 * 128 - 28 * 200 + 72 * 300 + 128 * 470, 128 * 1000)
