"""A slice of the strangers' campaign, and that it notices what is planted."""

import pytest

from tests.campaigns.plane_strangers.page import write_page
from tests.campaigns.plane_strangers.planted import PLANTED, found_in
from tests.campaigns.plane_strangers.stranger import KINDS
from tests.campaigns.plane_strangers.trials import Part, Tally, parts


def test_slice():
    tally = Part("slice", 600).run()
    assert tally.holds, tally.complaints
    assert set(tally.messages) == set(KINDS) and tally.verdicts > 5
    for fate in (
        "stranger",
        "other deployment",
        "other roster",
        "old",
        "unasked",
        "taken",
        "receipts",
    ):
        assert tally.fates[fate], fate


@pytest.mark.parametrize("fault", PLANTED)
@pytest.mark.slow
def test_a_planted_fault_is_found(fault):
    assert found_in(fault).changes


def test_a_signature_that_is_not_checked_is_found_at_once():
    assert found_in("signatures are not checked", 100).changes


def test_the_page_says_what_did_not_hold(tmp_path):
    assert sum(part.messages for part in parts(100_000, 1)) >= 100_000
    tally = Tally()
    assert not tally.holds, "nothing was tried"
    other = Tally()
    other.change("read", "by a test")
    tally.add(other)
    planted = {"one": tally, "another": Tally()}
    write_page(tally, planted, "run it", "abc", tmp_path / "plane_strangers.md")
    page = (tmp_path / "plane_strangers.md").read_text()
    assert "at commit abc: NOT everything held" in page and "| another | NOT found |" in page
    assert "echoes | 1 |" in page
