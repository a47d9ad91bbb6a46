"""Every block of a tutorial runs, and prints what the page says.

That of traces is carried out with the wheel alone: tests/test_wheel.py.
"""

from pathlib import Path

import pytest

from tests.docs.blocks import carried_out

PAGES = Path(__file__).parents[2] / "docs" / "tutorials"


def test_the_core_in_a_design(tmp_path):
    assert carried_out(PAGES / "core_in_your_design.md", tmp_path) == 4


def test_beside_what_you_have(tmp_path):
    assert carried_out(PAGES.parent / "integration.md", tmp_path) == 3


def test_a_page_that_says_something_else_is_noticed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```console\n$ echo one; echo two\none\n...\n```\n")
    assert carried_out(page, tmp_path) == 1
    page.write_text("```console\n$ echo one; echo two\none\nthree\n```\n")
    with pytest.raises(AssertionError, match=r"line 1: \$ echo one"):
        carried_out(page, tmp_path)
    page.write_text("```console\n$ false\n```\n")
    with pytest.raises(AssertionError, match="exit code 1"):
        carried_out(page, tmp_path)
