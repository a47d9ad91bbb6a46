"""Three strangers' walks, with their mistakes, end and say what docs/strangers.md tells."""

import pytest

from tests.tour.__main__ import WALKS
from tests.tour.walk import Step, Walk, carried_out


@pytest.mark.slow
@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.who)
def test_walks(walk, tmp_path, record_property):
    assert carried_out(walk, tmp_path) == []
    record_property("claim", f"the walk of a stranger ({walk.who}) says what it must")
    record_property("cases", len(walk.steps))


def test_what_is_wrong_is_told(tmp_path):
    """A walk that ends otherwise, or does not say a thing, or says what it must not, is no walk."""
    steps = (
        Step(("python", "-c", "print('here')"), ("there",), code=3, never=("here",)),
        Step(("python", "-c", "print('here')"), ("here",)),
    )
    found = carried_out(Walk("nobody", lambda folder: None, steps), tmp_path)
    assert [line.split(": ")[1][:13] for line in found] == [
        "exit code 0, ",
        "does not say ",
        "says 'here'",
    ]
