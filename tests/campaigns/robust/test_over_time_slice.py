"""A slice of liars over time: promises hold, and each correction left out is noticed."""

from dataclasses import replace

import numpy as np
import pytest

from tests.campaigns.robust.over_time import (
    CASES,
    SHARES,
    Alarms,
    count_alarms,
    delays,
    false_alarms,
    rules_broken,
)
from tests.campaigns.robust.over_time_page import OverTime, alarm_table, delay_table, write_page

UNPAID = [case for case in CASES if not case.promised]


def test_promises_hold_and_the_page_says_what_was_tried(tmp_path):
    found = list(false_alarms(2_400, 5))
    assert rules_broken(found) == 0
    assert sum(one.trials for one in found if one.case.promised) >= 2_400
    assert len(alarm_table(found)) == 1 + 8 * len(SHARES) + len(UNPAID)
    late = list(delays(20, 5))
    assert len(delay_table(late)) == 9 and {len(row) for row in delay_table(late)} == {6}
    slow = {(one.rule, one.share, one.hiding): one.detected for one in late if one.shift == 3}
    assert slow["independent", "0", False] == slow["dependent", "25 %", True] == 1
    weak = {(one.rule, one.share, one.hiding): one.detected for one in late if one.shift == 0.5}
    assert weak["independent", "25 %", True] == 0
    write_page(OverTime(found, late, "it", 3), tmp_path / "page.md")
    page = (tmp_path / "page.md").read_text()
    assert "What `it` did, in 3 s: everything held in" in page and "| never |" in page


@pytest.mark.parametrize("case", UNPAID, ids=[case.rule for case in UNPAID])
def test_without_a_correction_the_promise_is_seen_to_break(case):
    share = "0" if case.liars.startswith("none") else "25 %"
    found = count_alarms(case, share, 300, np.random.default_rng(6))
    assert not found.holds and rules_broken([found]) == 0
    assert rules_broken([replace(found, case=replace(case, promised=True))]) == 1


def test_what_holds_is_that_so_many_alarms_are_not_too_many():
    case = CASES[0]
    assert Alarms(case, "0", 8_000, 1_080).holds  # 1,000 are allowed on average
    assert not Alarms(case, "0", 8_000, 1_100).holds
