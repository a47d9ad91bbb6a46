"""Agent ids: one type, numbered by arrival, sorted at the end."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from consilience.errors import BadInput
from consilience.evidence.agents import AgentIndex, AgentType
from consilience.evidence.validation import Rows


def rows(first=1):
    return Rows(Path("e.csv"), first)


@pytest.mark.parametrize(
    "kind", [pa.int8(), pa.int64(), pa.uint64(), pa.string(), pa.large_string()]
)
def test_typed_ids_keep_their_type_and_get_ranks(kind):
    index = AgentIndex("agent", text=False)
    first = index.add(pa.array([30, 4, 30]).cast(kind), rows())
    second = index.add(pa.array([5, 4]).cast(kind), rows(4))
    assert first.tolist() == [0, 1, 0]
    assert second.tolist() == [2, 1]
    assert len(index) == 3
    ids, rank = index.sorted()
    assert ids.type == kind
    ascending = pa.array([4, 5, 30]).cast(kind).to_pylist()
    ascending = sorted(ascending)
    assert ids.to_pylist() == ascending
    assert [ascending[place] for place in rank] == pa.array([30, 4, 5]).cast(kind).to_pylist()


def test_largest_unsigned_id():
    index = AgentIndex("agent", text=False)
    largest = 2**64 - 1
    index.add(pa.array([largest, 0], pa.uint64()), rows())
    assert index.sorted().ids.to_pylist() == [0, largest]


def test_dictionary_encoded_ids():
    index = AgentIndex("agent", text=False)
    assert index.add(pa.array(["b", "a", "b"]).dictionary_encode(), rows()).tolist() == [0, 1, 0]
    assert index.sorted().ids.to_pylist() == ["a", "b"]


def test_text_of_integers_is_sorted_by_value():
    index = AgentIndex("agent", text=True)
    index.add(pa.array(["10", "9", "-3", "0"]), rows())
    ids, rank = index.sorted()
    assert ids.type == pa.int64()
    assert ids.to_pylist() == [-3, 0, 9, 10]
    assert rank.tolist() == [3, 2, 0, 1]


def test_text_of_integers_from_2_63_on_was_refused():
    index = AgentIndex("agent", text=True)
    index.add(pa.array(["18446744073709551615", "9223372036854775808", "7"]), rows())
    ids, rank = index.sorted()
    assert ids.type == pa.uint64()
    assert ids.to_pylist() == [7, 2**63, 2**64 - 1]
    assert rank.tolist() == [2, 1, 0]


def test_text_is_sorted_as_numpy_sorts_it():
    names = ["b", "ä", "B", "aa", "a", "007", "x 1", "\U0001f600"]
    index = AgentIndex("agent", text=True)
    index.add(pa.array(names), rows())
    assert index.sorted().ids.to_pylist() == np.sort(np.array(names)).tolist()


def test_any_text_when_told_so():
    index = AgentIndex("agent", text=True, kind=AgentType.STRING)
    index.add(pa.array(["12", "1.5", "x", "nan"]), rows())
    assert index.sorted().ids.to_pylist() == ["1.5", "12", "nan", "x"]


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (
            ["1", "2", "bob"],
            "row 12, column 'agent': agent id 'bob' is not an integer as in row 10 (1)",
        ),
        (["bob", "1"], "row 11, column 'agent': agent id '1' is not text as in row 10 (bob)"),
        (["1", "1.5"], "row 11, column 'agent': agent id '1.5' is a decimal number"),
        (["1e5"], "'1e5' is a decimal number"),
        (["NaN"], "'NaN' is a decimal number"),
        (["18446744073709551616"], "agent id 18446744073709551616 is wider than 64 bits; pass"),
        (["-9223372036854775809"], "wider than 64 bits; pass --agent-type string"),
        (["-1", "9223372036854775808"], "wider than 64 bits together with those before it; pass"),
        (["9223372036854775808", "-1"], "agent id -1 is wider than 64 bits together with those"),
        (["9" * 5000], "agent id 9999999999999999999999 is wider than 64 bits"),
        (["x", None], "row 11, column 'agent': no agent id"),
    ],
)
def test_text_ids_that_cannot_be_right(ids, message):
    index = AgentIndex("agent", text=True)
    with pytest.raises(BadInput) as caught:
        index.add(pa.array(ids, pa.string()), rows(10))
    assert "e.csv: row 1" in str(caught.value)
    assert message in str(caught.value)


def test_mixture_across_batches():
    index = AgentIndex("agent", text=True)
    index.add(pa.array(["1", "2"]), rows())
    with pytest.raises(BadInput, match=r"row 4, .*'x' is not an integer as in row 1 \(1\)"):
        index.add(pa.array(["1", "x"]), rows(3))


def test_integers_when_told_so():
    index = AgentIndex("agent", text=True, kind=AgentType.INTEGER)
    with pytest.raises(BadInput, match="'x' is not an integer; ids are all of one type"):
        index.add(pa.array(["x"]), rows())


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (pa.array([1.0, 2.0]), "column 'agent' holds double; agent ids are integers or text"),
        (pa.array([True]), "holds bool"),
        (pa.array([b"x"]), "holds binary"),
        (pa.array([1, None]), "row 2, column 'agent': no agent id"),
        (pa.array([None, None]), "row 1, column 'agent': no agent id"),
        (pa.array(["x", ""]), "row 2, column 'agent': no agent id"),
    ],
)
def test_typed_ids_that_cannot_be_right(ids, message):
    with pytest.raises(BadInput) as caught:
        AgentIndex("agent", text=False).add(ids, rows())
    assert message in str(caught.value)


def test_type_option_is_only_for_text():
    with pytest.raises(BadInput, match="--agent-type is for CSV"):
        AgentIndex("agent", text=False, kind=AgentType.INTEGER)
