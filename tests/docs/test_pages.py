"""Every code block of README, tutorials and how-tos is carried out, or says what it needs.

`WAYS` has every page; what a page has to carry out is counted without doing it, so that no block
comes or goes unseen.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs import given
from tests.docs.blocks import carried_out, to_do

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Way:
    """How a page is carried out: its steps, those that it marks as needing something, its files."""

    run: int
    needs: int = 0
    given: tuple[Callable[[Path], None], ...] = ()
    names: Callable[[], dict[str, object]] = dict


WAYS = {
    "README.md": Way(2, 2, (given.traces,), given.arrays),
    "docs/audit.md": Way(4, 0, (given.scores,)),
    "docs/install.md": Way(1, 3),
    "docs/integration.md": Way(3),
    "docs/models.md": Way(9, 0, (given.traces, given.metrics, given.scores)),
    "docs/monitor.md": Way(3, 0, (given.scores, given.reports), given.ranked),
    "docs/traces.md": Way(4, 1, (given.traces,)),
    "docs/verdicts.md": Way(5, 0, (given.evidence, given.reports)),
}

TUTORIALS = {
    "docs/tutorials/core_in_your_design.md": Way(4, 3),
    "docs/tutorials/fleet_on_three_machines.md": Way(17, 3),
    "docs/tutorials/index.md": Way(0),
    "docs/tutorials/traces_to_alarm.md": Way(5, 3),
}
"""Carried out by tests/docs/test_tutorials.py and tests/test_wheel.py."""


@pytest.mark.parametrize("name", WAYS | TUTORIALS)
def test_each_block_is_carried_out_or_says_what_it_needs(name):
    page, way = to_do(ROOT / name), (WAYS | TUTORIALS)[name]
    assert (page.run, len(page.needs)) == (way.run, way.needs), page


@pytest.mark.parametrize("name", WAYS)
def test_what_a_page_says_is_what_happens(name, tmp_path):
    for files in WAYS[name].given:
        files(tmp_path)
    carried_out(ROOT / name, tmp_path, names=WAYS[name].names())


NOT_YET = {
    f"docs/{name}.md"
    for name in (
        *("access", "alerts", "boards", "coverage", "dashboard", "engines", "epochs", "litex"),
        *("operations", "plane", "service", "validate", "waves"),
    )
}


def test_every_page_is_listed():
    howto = (ROOT / "docs" / "howto.md").read_text()
    found = re.findall(r"^(\w+)$", howto.partition("```\n")[0], re.MULTILINE)
    tutorials = [f"docs/tutorials/{file.name}" for file in (ROOT / "docs/tutorials").glob("*.md")]
    pages = {"README.md", *tutorials, *(f"docs/{name}.md" for name in found)}
    assert pages == {*WAYS, *NOT_YET, *TUTORIALS}
