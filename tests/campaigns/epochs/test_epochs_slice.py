"""A slice of `make epochs`: the liar has fewer offers; and every planted fault is found."""

import pytest

from tests.campaigns.epochs.model import Model
from tests.campaigns.epochs.planted import PLANTED, found_in
from tests.campaigns.epochs.states import CLOSED, FIRST, SMALL_MENU, Replica, Rules
from tests.campaigns.state_search import search


def test_slice():
    model = Model(Rules(), SMALL_MENU)
    found = search(FIRST, model.steps, model.broken)
    assert (found.broken, found.way) == (None, ())
    assert found.states > 50_000


@pytest.mark.parametrize("name", PLANTED)
def test_planted_faults_are_found_by_the_shortest_way(name):
    found = found_in(name)
    assert found.broken is not None and found.broken.startswith(PLANTED[name][1])
    assert 3 <= len(found.way) <= 11


def test_a_round_too_few_in_words():
    assert found_in("a round too few").way == (
        "the closing begins",
        "the liar shows replica 1 an offer of B1",
        "round 1 ends",
    )


def test_without_an_invariant_the_search_ends_when_nothing_is_new():
    found = search(0, lambda n: [("add", (n + 1) % 7), ("double", 2 * n % 7)], lambda n: None)
    assert (found.states, found.steps) == (7, 14)
    found = search(0, lambda n: [("add", n + 1)], lambda n: "five" if n == 5 else None)
    assert (found.broken, found.way) == ("five", ("add",) * 5)


def test_an_honest_pair_that_disagrees_is_noticed():
    """The invariants themselves, on states that no run reaches."""
    model = Model(Rules())
    one, two = Replica(outcome=(1, 0, 0)), Replica(outcome=(3, 0, 0))
    apart = FIRST._replace(stage=CLOSED, replicas=(one, two))
    assert model.broken(apart) == "E2: honest replicas closed with different sets"
    assert model.broken(apart._replace(replicas=(one, one))) is None
    lost = apart._replace(replicas=(one, one), due=3)
    assert model.broken(lost) == "E3: a report that an honest replica accepted does not count"
    named = Replica(outcome=(1, 0, 2))
    assert model.broken(apart._replace(replicas=(named, named))) == "E5: an honest replica is named"
