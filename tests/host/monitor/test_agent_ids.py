"""Ids of agents as bytes: each has one form, and bytes that are none are refused in a line."""

import pytest

from consilience.monitor.agent_index import id_bytes, id_of

IDS = [0, -1, 2**63 - 1, -(2**63), 2**63, 2**64 - 1, "a", "", "\u00e9", b"\xff"]


@pytest.mark.parametrize("name", IDS)
def test_an_id_is_that_of_its_bytes(name):
    assert id_of(*id_bytes(name)) == name


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 4, 255])
@pytest.mark.parametrize("data", [b"", bytes(7), bytes(8), b"\xff" * 8, bytes(9), b"\x86" * 50])
def test_bytes_have_one_id_or_are_refused_in_a_line(kind, data):
    """An integer of nine bytes ended in OverflowError, from bytes that a stranger may have made."""
    try:
        name = id_of(kind, data)
    except ValueError as error:
        assert not isinstance(error, OverflowError)
        assert len(str(error)) < 200
    else:
        assert id_bytes(name) == (kind, data)
