"""Runs that have ended: what is known of them, and their bytes."""

import pytest

from consilience.errors import ImpossibleState
from consilience.monitor.ended_runs import EndedRuns


def test_runs_are_known_by_agent_and_name_and_keep_their_first_score():
    ended = EndedRuns(2**64 - 1)
    names = [("a", "1"), ("a", 1), (1, "a"), ("a1", ""), ("", "a1"), (b"a", "1"), (-1, 2**64 - 1)]
    for score, name in enumerate(names):
        assert ended.score(*name) is None
        ended.end(*name, score - 3)
        ended.end(*name, 99)
    assert [ended.score(*name) for name in names] == [one - 3 for one in range(len(names))]
    assert len(ended) == len(names)


def test_many_runs_stay_known_and_bytes_are_canonical():
    ended, turned = EndedRuns(5), EndedRuns(5)
    for run in range(3_000):
        ended.end("a", run, run - 2**63 if run % 2 else run)
        turned.end("a", 2_999 - run, 2_999 - run - (0 if run % 2 else 2**63))
    assert bytes(ended) == bytes(turned) and len(bytes(ended)) == 16 * 3_000
    again = EndedRuns.from_bytes(bytes(ended), 5)
    assert bytes(again) == bytes(ended)
    again.end("b", 1, 7)
    assert again.score("b", 1) == 7 and again.score("a", 2_999) == 2_999 - 2**63
    assert EndedRuns.from_bytes(bytes(ended), 6).score("a", 1) is None


@pytest.mark.parametrize(
    "change", [lambda d: d[:-1], lambda d: d[16:] + d[:16], lambda d: d + d[-16:]]
)
def test_bytes_that_no_runs_have_are_refused(change):
    ended = EndedRuns(5)
    for run in range(3):
        ended.end("a", run, run)
    with pytest.raises(ImpossibleState):
        EndedRuns.from_bytes(change(bytes(ended)), 5)
