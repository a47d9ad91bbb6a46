"""Rows by agent: the same groups by counting, by sorting, and where there is nothing to do."""

import numpy as np
import pytest

from consilience.devices import agent_rows
from consilience.devices.agent_rows import agent_ids, dense_places, rows_by_agent
from consilience.errors import BadInput

TOP = 2**63 - 1


@pytest.fixture(params=[True, False], ids=["compiled", "interpreted"])
def compiled(request, monkeypatch):
    if not request.param:
        monkeypatch.setattr(agent_rows, "_counted", agent_rows._counted.py_func)


@pytest.mark.parametrize(
    "ids",
    [
        np.array([3, 1, 3, 2, 1, 9]),
        np.array([5, 5, 4, 4, 5]),
        np.array([4, 1, 4, 2]),
        np.array([-2, 7, -2, -9], np.int8),
        np.array([200, 3, 200], np.uint8),
        np.array([-(2**63), 4 - 2**63, -(2**63)]),
        np.array([TOP, TOP - 5, TOP - 5]),
        np.array([TOP, -TOP, 0]),
        np.array([2**64 - 1, 2**64 - 3, 2**64 - 1], np.uint64),
        np.array([2**63, 2**63 - 1], np.uint64),
        np.array([10**6, 3, 10**6]),
        np.array(["b", "a", "b"]),
        np.array([1, 1, 2, 5]),
        np.array([7]),
        np.array([], int),
        np.random.default_rng(1).integers(0, 300, 1000),
    ],
)
@pytest.mark.usefixtures("compiled")
def test_groups(ids):
    order, agents, offsets = rows_by_agent(ids)
    expected_order = np.argsort(ids, kind="stable")
    if order is None:
        order = np.arange(len(ids))
    assert order.tolist() == expected_order.tolist()
    unique, counts = np.unique(ids, return_counts=True)
    assert agents.tolist() == unique.tolist()
    assert agents.dtype == ids.dtype
    assert offsets.tolist() == [0, *np.cumsum(counts)]
    assert offsets.dtype == np.int64


def test_what_ascends_is_left_where_it_is():
    assert rows_by_agent(np.array([1, 1, 4])).order is None
    assert rows_by_agent(np.array([4, 1, 1])).order is not None


def test_text_of_pandas_is_text():
    assert agent_ids(np.array(["x", "y"], dtype=object)).tolist() == ["x", "y"]


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["a", "a\0"], "ends with NUL, which NumPy cuts"),
        ([b"\x99", b"\x99\0"], "ends with NUL, which NumPy cuts"),
        (np.array(["a", "a\0"], dtype=object), "ends with NUL, which NumPy cuts"),
        (["a", b"a"], "all str or all bytes"),
        (np.array(["a", 1], dtype=object), "integers or text, not object"),
        ([-1, 2**63], "from -1 to 9223372036854775808 are wider than 64 bits together; give them"),
        ([np.uint64(2**63), np.int64(-1)], "wider than 64 bits together"),
        ([2**64], "wider than 64 bits"),
        ([1.0, 2.0**63], "integers or text, not float64"),
    ],
)
def test_ids_that_numpy_shortens_or_mixes_became_one_agent(ids, message):
    with pytest.raises(BadInput, match=message):
        agent_ids(ids)


@pytest.mark.parametrize("ids", [[1, 2**63], [2**64 - 1, 0], (np.uint64(2**63), np.int64(7))])
def test_integers_from_2_63_on_became_floats_and_were_refused(ids):
    found = agent_ids(ids)
    assert found.dtype == np.uint64
    assert found.tolist() == [int(one) for one in ids]
    assert agent_ids(np.array(ids, dtype=object)).tolist() == found.tolist()


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([-1, 2**63], "ids from -1 to 9223372036854775808 are wider than 64 bits"),
        ([0.0, 2**63], "integers or text, not float64"),
        ([1.5], "integers or text, not float64"),
    ],
)
def test_numbers_that_no_type_of_ids_holds_are_refused(ids, message):
    with pytest.raises(BadInput, match=message):
        agent_ids(ids)


def test_places_of_dense_ids():
    found = dense_places(np.array([-3, 0, -1], np.int8))
    assert found is None
    found = dense_places(np.array([-3, 0, -1, -3], np.int8))
    assert (found.of_rows.tolist(), found.lowest, found.agents) == ([0, 3, 2, 0], -3, 4)
    assert dense_places(np.array([], int)) is dense_places(np.array(["a"])) is None
    assert dense_places(np.array([2**63, 2**63 + 1, 2**63], np.uint64)) is None
