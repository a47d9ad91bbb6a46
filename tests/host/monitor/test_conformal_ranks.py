"""Conformal ranks against the golden model: any order of events, ties, deadlines; their bytes."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consilience.errors import BadInput, ImpossibleState
from consilience.monitor.conformal_ranks import ConformalRanks
from consilience.monitor.rank_terms import count_term, rank_term
from consilience_sim.golden import conformal

KAPPAS = ("1/4", "1/2")
BETS = [Fraction(one) for one in KAPPAS]
N0 = 50
scores = st.integers(0, 6) | st.sampled_from([-(2**63), 2**63 - 1])
events = st.lists(
    st.tuples(
        st.sampled_from(["start", "start", "observe", "finish", "finish", "provisional"]),
        st.integers(0, 5),
        scores,
        st.integers(0, 4),
        st.sampled_from([None, None, "independent", "suspected"]),
    ),
    min_size=5,
    max_size=40,
)


def told(due, golden):
    expected = [one for one in golden if one.increments is not None]
    assert due.agents == [one.agent for one in expected]
    assert due.runs == [one.run for one in expected]
    assert due.increments.tolist() == [one.increments for one in expected]


@settings(max_examples=150, deadline=None)
@given(
    events,
    st.booleans(),
    st.sampled_from([None, 6]),
    st.sampled_from([0, 3]),
    st.sampled_from([["a"], ["a", 2**64 - 1, -3]]),
)
def test_increments_are_those_of_the_golden_model(happened, seeded, deadline, contaminated, agents):
    grouped = len(agents) > 1
    ours = ConformalRanks(
        KAPPAS, N0, "seeded" if seeded else "full", 7, contaminated, deadline,
        "group" if grouped else "agent",
    )  # fmt: skip
    golden = conformal.ConformalModel(BETS, N0, 7 if seeded else None, contaminated, deadline)
    group = "class" if grouped else None
    for number in range(N0):
        ours.start(agents[0], number, 0, group)
        golden.start(agents[0], number, 0)
        told(ours.finish(agents[0], number, number % 7, 0), golden.finish(number, number % 7, 0))
    now, number, runs = 0, N0, {}
    for kind, which, score, later, cut in happened:
        now += later
        if kind == "start":
            agent = agents[which % len(agents)]
            told(ours.start(agent, number, now, group), golden.start(agent, number, now))
            runs[number], number = agent, number + 1
            continue
        if not runs:
            continue
        run = sorted(runs)[which % len(runs)]
        if kind == "observe":
            told(ours.observe(runs[run], run, score, now), golden.observe(run, score, now))
        elif kind == "finish":
            due = ours.finish(runs.pop(run), run, score, now, cut)
            told(due, golden.finish(run, score, now, cut == "suspected"))
        else:
            found = ours.provisional(runs[run], run, score)
            try:
                expected = golden.provisional(run, score)
            except KeyError:  # past its deadline
                expected = None
            assert (found.tolist() if found is not None else None) == expected
        ours = ConformalRanks.from_bytes(bytes(ours), 7 if seeded else None)


def test_rows_in_order_are_runs_started_and_finished():
    chance = np.random.default_rng(3)
    names = np.array(["x", "y"])[chance.integers(0, 2, 300)]
    values = chance.integers(0, 50, 300)
    ranks = ConformalRanks(KAPPAS, N0, seed=9)
    found, ready = ranks.increments(names, np.arange(300), values)
    for name in ("x", "y"):
        golden = conformal.ConformalModel(BETS, N0, 9)
        mine = np.flatnonzero(names == name)
        for place in mine.tolist():
            golden.start(name, place, 0)
            (due,) = golden.finish(place, int(values[place]), 0)
            assert ready[place] == (due.increments is not None)
            assert found[place].tolist() == (due.increments or [0, 0])
        assert ready[mine].sum() == len(mine) - N0
        assert ranks.runs(name) == (len(mine), 0)
    ranks.recalibrate("x")
    assert ranks.runs("x") == (0, 0)
    assert not ranks.increments("x", "next", 5)[1].any()


@pytest.mark.parametrize("kappa", ["1/4", "1/2", "3/4", "5/65536", "1/16"])
@pytest.mark.parametrize("rank", [1, 2, 3, 17, 4096, 4097, 10**6])
def test_terms_are_those_of_the_golden_model(kappa, rank):
    if kappa == "5/65536" and rank > 4096:
        rank = 4097  # whole powers of the golden model grow long
    assert rank_term(rank, Fraction(kappa)) == conformal.rank_term(rank, Fraction(kappa))
    assert count_term(rank, Fraction(kappa)) == conformal.count_term(rank, Fraction(kappa))


def test_bytes_do_not_have_the_seed_but_know_another():
    ranks = ConformalRanks(seed=2**64 - 1)
    ranks.start("a", 1, 10)
    data = bytes(ranks)
    assert (2**64 - 1).to_bytes(8, "little") not in data
    with pytest.raises(BadInput, match="another"):
        ConformalRanks.from_bytes(data, 5)
    with pytest.raises(BadInput, match="need a secret seed"):
        ConformalRanks.from_bytes(data)
    assert bytes(ConformalRanks.from_bytes(data, 2**64 - 1)) == data


def test_no_cut_or_flipped_bytes_pass_for_others():
    ranks = ConformalRanks(seed=1, deadline=5)
    for run in range(60):
        ranks.increments("a", run, run % 3, at=run)
    ranks.start("a", "open", 100)
    ranks.start("a", "open too", 101)
    ranks.finish("a", "open too", 3, 102)
    ranks.start("b", b"late", 100)
    ranks.start("b", "new", 110)
    data = bytes(ranks)
    for size in range(len(data)):
        with pytest.raises(ImpossibleState):
            ConformalRanks.from_bytes(data[:size], 1)
    with pytest.raises(ImpossibleState):
        ConformalRanks.from_bytes(data + b"\0", 1)
    for place in range(len(data)):
        for bit in (1, 128):
            changed = data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]
            try:
                other = ConformalRanks.from_bytes(changed, 1)
            except BadInput:
                continue
            assert bytes(other) == changed  # another state, as canonical


def full(**chosen):
    return ConformalRanks(**{"ties": "full", **chosen})


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ConformalRanks(), "need a secret seed"),
        (lambda: full(n0=49), "at least 50"),
        (lambda: full(kappas=("1/3",)), "kappa 1/3"),
        (lambda: full(kappas=(1,)), "kappa 1"),
        (lambda: full(kappas=("1/2", "2/4")), "different bets"),
        (lambda: full(kappas=()), "1 to 16"),
        (lambda: full(ties="half"), "seeded or full"),
        (lambda: full(contaminated=100), "below n0"),
        (lambda: full(deadline=0), "above 0"),
        (lambda: full().finish("a", 1, 2, 3), "no history yet"),
        (lambda: full().start("a", 1, 2, group="g"), 'needs history="group"'),
        (lambda: full(history="group").start("a", 1, 2), "give group"),
        (lambda: full().increments(["a"], [1], [0.5]), "must be integers"),
        (lambda: full().increments(["a", "b"], [1], [5]), "one for each agent and run"),
        (lambda: full().start("a", 1, 2**62), "wider than 62 bits"),
    ],
)
def test_what_cannot_be_right_is_refused(call, words):
    with pytest.raises(BadInput, match=words):
        call()


def test_events_out_of_order_are_refused_and_change_nothing():
    ranks = full()
    ranks.start("a", 1, 10)
    before = bytes(ranks)
    for call, words in (
        (lambda: ranks.start("a", 1, 11), "has started already"),
        (lambda: ranks.start("a", 2, 9), "goes back from 10 to 9"),
        (lambda: ranks.finish("a", 2, 5, 11), "is not open"),
        (lambda: ranks.finish("a", 1, 5, 9), "goes back"),
        (lambda: ranks.finish("a", 1, 2**63, 11), "integer of 64 bits"),
        (lambda: ranks.finish("a", 1, 1.5, 11), "integer of 64 bits"),
        (lambda: ranks.finish("a", 1, 1, 11, cut="bored"), "suspected"),
        (lambda: ranks.start("new", 1, 2**70), "wider"),
    ):
        with pytest.raises(BadInput, match=words):
            call()
    assert bytes(ranks) == before


def test_whole_runs_beside_open_ones_were_dropped():
    ranks = full()
    ranks.start("a", "open", 0)
    before = bytes(ranks)
    with pytest.raises(BadInput, match="runs of 'a' are open"):
        ranks.increments(["b", "a"], [1, 2], [5, 6])
    with pytest.raises(BadInput, match="below 2"):
        ranks.increments(["b"], [1], np.array([2**63], np.uint64))
    assert bytes(ranks) == before


def test_after_a_recalibration_open_runs_may_still_end():
    ranks = full()
    ranks.increments(["a"] * 60, range(60), range(60))
    ranks.start("a", "open", 0)
    ranks.start("a", "ended", 0)
    ranks.finish("a", "ended", 5, 0)
    ranks.recalibrate("a")
    assert bytes(ConformalRanks.from_bytes(bytes(ranks))) == bytes(ranks)
    assert ranks.provisional("a", "open", 5) is None
    assert ranks.finish("a", "open", 5, 0).runs == []
    with pytest.raises(BadInput, match="is not open"):
        ranks.finish("a", "ended", 5, 0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((1.5, "r", 0), "id 1.5"),
        ((True, "r", 0), "id True"),
        (("a\0", "r", 0), "ends with NUL"),
        (("a", 2**64, 0), "wider than 64 bits"),
        (("a", "r", 0.5), "clock 0.5 must be an integer"),
    ],
)
def test_odd_names_and_clocks_are_refused_at_once(arguments, words):
    with pytest.raises(BadInput, match=words):
        full().start(*arguments)


def test_integers_of_numpy_are_integers():
    ranks = full()
    ranks.start(np.int64(5), np.uint8(1), np.int32(7))
    ranks.finish(5, 1, np.int16(3), 7)
    assert bytes(ConformalRanks.from_bytes(bytes(ranks))) == bytes(ranks)
