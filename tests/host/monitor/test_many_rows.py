"""Rows judged together are judged as they are one by one: every bit, every word, every refusal."""

from collections import Counter
from dataclasses import asdict
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consilience.monitor.fleet_readings import FleetReadings, ReadingOptions
from consilience.monitor.frozen_ranking import FrozenRanking
from consilience.monitor.frozen_table import FrozenTable
from consilience.monitor.implied import RowRefused
from consilience.monitor.monitor import Monitor
from consilience.monitor.observation import What
from consilience.monitor.ranks_settings import RanksSettings
from consilience.monitor.recent_runs import RecentRuns
from consilience.monitor.row_columns import RowColumns
from consilience.monitor.run_ranking import RunRanking
from consilience.monitor.settings import monitor_settings
from consilience.monitor.watching import FleetWatch

WHATS = [What.WHOLE, What.WHOLE, What.SCORE, What.SCORE, What.START, What.END]
TABLE = FrozenTable.fit_scores([one % 97 for one in range(1000)], edges=[50, 80, 90, 95])


def watch(mode="restart", policy="latch", ties="seeded", enrolled=None, alpha=None, every=None,
          frozen=False, remembered=40):  # fmt: skip
    settings = monitor_settings(2, None, mode, "20" if mode in ("restart", "cusum") else None,
                                None if mode in ("restart", "cusum") else "1/20", None, policy,
                                "frozen" if frozen else "conformal", enrolled)  # fmt: skip
    of_ranks = RanksSettings.of(n0=50, ties="full" if frozen else ties)
    ranking = FrozenRanking(of_ranks, TABLE) if frozen else RunRanking(of_ranks, 7)
    options = ReadingOptions("1/10", every, {}) if every else None
    return FleetWatch(Monitor(settings), ranking, "promise", RecentRuns(3, remembered),
                      None if alpha is None else Fraction(alpha), FleetReadings(options),
                      implies=True)  # fmt: skip


def learnt(made, agents=3):
    for agent in range(agents):
        made.take_many(
            RowColumns([What.WHOLE] * 60, [agent] * 60, [f"h{i}" for i in range(60)],
                       [i % 9 for i in range(60)]), 0)  # fmt: skip
    return made


def facts(made):
    return (
        bytes(made.monitor), bytes(made.ranking), bytes(made.ended), +made.counts, made.told,
        made.moving.facts,
    )  # fmt: skip


def one_by_one(rows):
    """Return the same rows so that they are taken one by one."""
    return RowColumns(rows.whats, rows.agents, rows.runs, rows.scores, named=[True] * len(rows))


def took(made, rows):
    try:
        return asdict(made.take_many(rows, 100))
    except RowRefused as error:
        return error.row, str(error)


@st.composite
def batches(draw):
    rows = st.tuples(
        st.sampled_from(WHATS), st.integers(0, 4), st.integers(0, 12),
        st.sampled_from([0, 3, 8, 20, 30, 40]),
    )  # fmt: skip
    found = []
    for drawn in draw(st.lists(st.lists(rows, min_size=1, max_size=25), min_size=1, max_size=4)):
        scores = [
            None if what is What.START or (what is What.END and score == 3) else score
            for what, _, _, score in drawn
        ]
        whats, agents, runs, _ = zip(*drawn, strict=True)
        found.append(RowColumns(list(whats), list(agents), [f"r{run}" for run in runs], scores))
    return found


MADE = [
    {},
    {"policy": "renew", "alpha": "1/30"},
    {"ties": "full", "mode": "cusum"},
    {"mode": "once", "alpha": "1/10"},
    {"mode": "spread", "policy": "renew"},
    {"enrolled": 4, "every": 7},
    {"frozen": True, "alpha": "1/20"},
]


def compared(made, parts):
    together, single = learnt(watch(**made)), learnt(watch(**made))
    for rows in parts:
        assert took(together, rows) == took(single, one_by_one(rows))
        assert facts(together) == facts(single)


@pytest.mark.parametrize("made", MADE, ids=str)
@given(parts=batches())
@settings(max_examples=8)
def test_together_as_one_by_one(made, parts):
    """Histories are long enough that runs are judged, and thresholds low, so that many alarm."""
    compared(made, parts)


@pytest.mark.slow
@pytest.mark.parametrize("made", MADE, ids=str)
@given(parts=batches())
@settings(max_examples=1000)
def test_together_as_one_by_one_many_times(made, parts):
    compared(made, parts)


def test_what_is_rare_is_met():
    """Alarms, alarms of open runs, refusals and repetitions: else the test above says little."""
    met: Counter[str] = Counter()

    @given(parts=batches())
    @settings(max_examples=50)
    def drawn(parts):
        made = learnt(watch(alpha="1/30"))
        for rows in parts:
            met["refused"] += isinstance(took(made, rows), tuple)
        met.update(made.counts)

    drawn()
    for name in ("alarms", "provisional alarms", "run alarms", "repeated", "refused"):
        assert met[name] > 2, name
