"""Decisions are numbered from 1 on, each number once, and what is linked is there."""

import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "decisions"


def test_each_number_is_one_decision():
    """Two of one number stood beside each other after a merge."""
    numbers = sorted(int(file.name[:4]) for file in FOLDER.glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_each_link_to_a_decision_is_one():
    link = re.compile(r"decisions?/(\d{4}[\w-]*\.md)")
    for file in [*FOLDER.parent.glob("*.md"), FOLDER.parents[1] / "README.md"]:
        for name in link.findall(file.read_text()):
            assert (FOLDER / name).exists(), f"{file.name}: {name}"
