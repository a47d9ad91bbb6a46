"""Runs of a frozen table: no history grows, and what goes on from bytes keeps none."""

import numpy as np

import consilience as cs
from consilience.monitor.frozen_ranking import FrozenRanking
from consilience.monitor.ranks_bytes import unpack_ranks
from consilience.monitor.ranks_settings import RanksSettings

TABLE = cs.FrozenTable.fit_scores(np.arange(1_000), [500, 900])
SETTINGS = RanksSettings.of(ties="full", deadline=9, binning="as it is")


def test_no_score_is_kept():
    ranking, sizes = FrozenRanking(SETTINGS, TABLE), set()
    for run in range(300):
        (due,) = ranking.in_order(["a"], [run], [run * 5], None)
        assert due.increments == TABLE.codes[TABLE.bins([run * 5])[0]].tolist()
        sizes.add(len(bytes(ranking)))
        if run == 99:
            again = FrozenRanking(SETTINGS, TABLE)
            again.take_up(unpack_ranks(bytes(ranking)))
            ranking = again
    assert len(sizes) == 1 and ranking.lacking() == {} and ranking.constant() == []


def test_a_run_past_its_deadline_counts_with_the_score_it_has():
    ranking = FrozenRanking(SETTINGS, TABLE)
    ranking.start("a", "slow", 0)
    ranking.observe("a", "slow", 950, 5)
    (due,) = ranking.start("a", "next", 10)
    assert (due.run, due.increments) == ("slow", TABLE.codes[2].tolist())
    ranking.recalibrate("a")
    assert ranking.runs("a") == (0, 0)
