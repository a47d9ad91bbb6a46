"""Exponents are those of what is timed."""

import time

from consilience.validate.claims.scaling import LINEAR, fitted


def busy(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def test_what_recomputes_is_not_taken_for_linear():
    sizes = [100, 150, 220, 330, 500]
    linear, _ = fitted(lambda n: busy(n * 4e-6), sizes)
    square, _ = fitted(lambda n: busy(n * n * 2e-8), sizes)
    assert 0.8 < linear.exponent < LINEAR
    assert square.low > LINEAR
