"""Agents with many runs: the monitor keeps its promise over all of them, flags of runs do not."""

from fractions import Fraction

import numpy as np
import pytest

from examples.judges_scores import many_runs
from examples.judges_scores.many_runs import Span, alarms_over_time
from tests.examples.judges_scores.drawn import drawn

LEVELS = [Fraction(1, 10)]
SHORT = tuple(one for one in many_runs.SCENARIOS if one.name != "every second unsolved")


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many_runs, "SEQUENCES", 40)
    monkeypatch.setattr(many_runs, "LATER", 60)
    monkeypatch.setattr(many_runs, "SCENARIOS", SHORT)


def spans(solved: int, unsolved: int) -> dict[tuple[str, str], Span]:
    runs = drawn(7, solved, unsolved)
    flags = {("flags", LEVELS[0]): np.arange(len(runs))[None] % 10 == 0}
    return {(one.method, one.scenario): one for one in alarms_over_time(runs, LEVELS, flags)}


@pytest.mark.usefixtures("short")
def test_over_time() -> None:
    found = spans(90, 60)
    monitor = "monitor, conformal ranks"
    for null in ("solved runs", "runs as recorded"):
        assert found[monitor, null].alarmed.low <= LEVELS[0]
        assert found[monitor, null].delay is None
    assert found["flags", "solved runs"].alarmed.share == 1.0
    assert found[monitor, "all unsolved"].alarmed.share == 1.0
    assert 1 <= found[monitor, "all unsolved"].delay < 20
    late = found[monitor, "50 solved, then all unsolved"]
    assert late.early is not None
    assert late.early.low <= LEVELS[0]
    assert found["flags", "50 solved, then all unsolved"].delay == pytest.approx(10, abs=4)
    assert ("monitor, frozen table", "all unsolved") not in found
    assert ("flags", "runs as recorded") not in found
    assert found == spans(90, 60)


@pytest.mark.usefixtures("short")
def test_frozen_where_it_can_be_had() -> None:
    found = spans(2000, 300)
    frozen = "monitor, frozen table"
    assert found[frozen, "solved runs"].alarmed.low <= LEVELS[0]
    assert found[frozen, "all unsolved"].alarmed.share == 1.0
    assert (frozen, "runs as recorded") not in found  # its table is of solved runs


def test_what_is_drawn() -> None:
    solved, unsolved = np.arange(0, 30), np.arange(30, 50)
    for number, scenario in enumerate(many_runs.SCENARIOS):
        drawn_ = many_runs._drawn(scenario, solved, unsolved, number) >= 30
        change = many_runs.HISTORY + scenario.before
        share = 0.4 if scenario.history == "recorded" else 0.0
        later = share if scenario.unsolved is None else float(scenario.unsolved)
        assert drawn_[:, :change].mean() == pytest.approx(share, abs=0.02)
        assert drawn_[:, change:].mean() == pytest.approx(later, abs=0.02)
