"""The budget against the contract, high precision and measured errors."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from consilience_sim.reference.error_budget import CONTRACT, ErrorBudget
from consilience_sim.reference.reference import error_in_ulp


def test_the_contract_is_kept_up_to_capacity():
    budget = ErrorBudget()
    assert budget.terms == 1 << 32
    assert budget.log_sum < Fraction(5085, 10000) < CONTRACT


def test_bounds_are_above_and_near_what_they_bound():
    budget = ErrorBudget()
    with mpmath.workprec(200):
        exact = 1 / mpmath.ln2
        assert 0 < mpmath.mpf(budget.log2_e.numerator) / budget.log2_e.denominator - exact < 1e-20
        x = mpmath.mpf(2) ** -25
        worst = -mpmath.log(1 - x, 2) * 65536
        ours = mpmath.mpf(budget.mantissas.numerator) / budget.mantissas.denominator
        assert 0 < ours - worst < 1e-8


def test_the_budget_grows_with_the_number_of_terms_alone_in_the_cut():
    one, many = ErrorBudget(terms=1), ErrorBudget()
    assert one.mantissas == many.mantissas
    assert one.cut < Fraction(1, 10**11)
    assert many.cut == pytest.approx(65536 / 2**24 / np.log(2), rel=1e-6)


def test_measured_errors_stay_within_the_bound():
    rng = np.random.default_rng(5)
    bound = float(ErrorBudget().log_sum)
    for _ in range(200):
        codes = rng.integers(-(20 << 16), 0, 30).astype(np.int32)
        assert error_in_ulp(golden.log_sum(codes.tolist())[0], codes) <= bound


def test_nats():
    budget = ErrorBudget()
    assert budget.posterior < Fraction(151, 100)
    assert budget.conversion < Fraction(500001, 1000000)
    assert Fraction(106, 10**7) < budget.logsumexp_nats < Fraction(107, 10**7)
    assert Q16_16.fractions == 65536
