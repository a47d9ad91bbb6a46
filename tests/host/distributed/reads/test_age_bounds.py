"""Dates are lower bounds, whatever the network does and wherever the clocks begin."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from consilience.distributed.reads.age_bounds import AgeBounds, ages_ms
from consilience.distributed.reads.dated_state import Echo

S = 10**9


@st.composite
def exchanges(draw):
    """Clock rates, and messages of S as (when said, when heard, which of R's times it echoes)."""
    rates = draw(st.integers(-500, 500)), draw(st.integers(-500, 500))
    count = draw(st.integers(1, 12))
    times = sorted(draw(st.lists(st.integers(0, 10**12), min_size=count, max_size=count)))
    messages = []
    for said in times:
        sent = draw(st.none() | st.integers(0, said))
        received = None if sent is None else draw(st.integers(sent, said))
        messages.append((said, said + draw(st.integers(0, 3 * S)), sent, received))
    return rates, draw(st.permutations(messages)), draw(st.integers(1, 3))


@given(exchanges(), st.integers(0, 10**15), st.integers(0, 10**15))
def test_the_bound_is_never_after_the_sending(exchange, zero_r, zero_s):
    (rate_r, rate_s), messages, _ = exchange

    def clock_r(t):
        return zero_r + t * (1_000_000 + rate_r) // 1_000_000

    def clock_s(t):
        return zero_s + t * (1_000_000 + rate_s) // 1_000_000

    bounds, known = AgeBounds(7), False
    for said, heard, sent, received in sorted(messages, key=lambda one: one[1]):
        echo = Echo(0, 0, 0)
        if sent is not None:
            echo = Echo(7, clock_r(sent), max(0, clock_s(said) - clock_s(received)) // 1000)
        found = bounds.sent_since(1, 1, clock_s(said), echo, clock_r(heard))
        known |= found is not None
        if found is not None:
            assert found <= clock_r(said) + 1
        if sent is not None and not known:
            raise AssertionError("an echo dates")


def test_an_echo_dates_and_steps_go_on_from_it():
    bounds = AgeBounds(3)
    none = Echo(0, 0, 0)
    assert bounds.sent_since(1, 1, 50 * S, none, 90 * S) is None
    # R said 80 s; S held it for 2 s (shortened by a thousandth).
    assert bounds.sent_since(1, 1, 52 * S, Echo(3, 80 * S, 2_000_000), 90 * S) == 82 * S - 2_000_000
    # 10 s later on S's clock, without an echo: one-way cuts age by a thousandth only.
    said = bounds.sent_since(1, 1, 62 * S, none, 95 * S)
    assert said == 92 * S - 12_000_000
    # Older and repeated ones are not taken.
    for elapsed in (62 * S, 61 * S):
        assert bounds.sent_since(1, 1, elapsed, Echo(3, 94 * S, 0), 96 * S) is None
    # An echo of a former incarnation of the hearer, or from its future, is none.
    assert bounds.sent_since(1, 1, 63 * S, Echo(2, 95 * S, 0), 97 * S) == said + S - 1_000_000
    assert bounds.sent_since(1, 1, 64 * S, Echo(3, 99 * S, 0), 98 * S) == said + 2 * S - 2_000_000


def test_a_new_incarnation_counts_as_old_until_its_first_echo():
    bounds = AgeBounds(1)
    first = bounds.sent_since(1, 1, 5 * S, Echo(1, 20 * S, 0), 21 * S)
    assert first == 20 * S
    # Its clock begins anywhere.
    assert bounds.sent_since(1, 2, 900 * S, Echo(1, 19 * S, 0), 40 * S) == 20 * S
    assert bounds.sent_since(1, 1, 6 * S, Echo(1, 41 * S, 0), 41 * S) is None
    assert bounds.sent_since(1, 2, 901 * S, Echo(0, 0, 0), 42 * S) == 21 * S - 1_000_000
    assert bounds.sent_since(1, 2, 902 * S, Echo(1, 42 * S, 0), 43 * S) == 42 * S


def test_no_date_is_in_the_future():
    assert AgeBounds(1).sent_since(1, 1, S, Echo(1, 5 * S, 60_000_000), 6 * S) == 6 * S


def test_ages_are_rounded_up_and_lengthened_by_the_drift():
    said = np.array([10 * S, 10 * S - 1, 10 * S - 999_000, 10 * S - 999_001, 9 * S, 0])
    assert ages_ms(10 * S, said).tolist() == [1, 1, 1, 2, 1002, 10_011]
