"""Columns by meaning, and values that can be evidence."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from consilience.errors import BadInput
from consilience.evidence.validation import (
    EvidenceColumns,
    Rows,
    choose_columns,
    log_likelihoods,
    refuse_counters,
    weights,
)

FILE = Path("e.csv")
ROWS = Rows(FILE, 101)


def choose(columns, agent="agent", hypotheses=None, weight=None):
    return choose_columns(FILE, columns, agent=agent, hypotheses=hypotheses, weight=weight)


@pytest.mark.parametrize(
    ("columns", "options", "chosen"),
    [
        (["b", "agent", "a"], {}, ("agent", ("b", "a"), None)),
        (["agent", "a", "weight", "b"], {}, ("agent", ("a", "b"), "weight")),
        (["id", "a", "b"], {"agent": "id"}, ("id", ("a", "b"), None)),
        (["agent", "a", "w", "b"], {"weight": "w"}, ("agent", ("a", "b"), "w")),
        (["agent", "a", "x", "b"], {"hypotheses": ("b", "a")}, ("agent", ("b", "a"), None)),
        (
            ["agent", "a", "weight"],
            {"hypotheses": ("a", "weight")},
            ("agent", ("a", "weight"), None),
        ),
        (
            ["agent", "wieght", "b"],
            {"hypotheses": ("wieght", "b")},
            ("agent", ("wieght", "b"), None),
        ),
        (["agent", "a", "weights", "b"], {"weight": "a"}, ("agent", ("weights", "b"), "a")),
    ],
)
def test_columns_get_their_meaning(columns, options, chosen):
    assert choose(columns, **options) == EvidenceColumns(*chosen)


def test_number_columns():
    assert EvidenceColumns("agent", ("a", "b"), None).numbers == ("a", "b")
    assert EvidenceColumns("agent", ("a", "b"), "w").numbers == ("a", "b", "w")


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        (["agnet", "a", "b"], {}, "no column 'agent' (--agent-column); did you mean 'agnet'?"),
        (["x", "y", "z"], {}, "no column 'agent' (--agent-column); the columns are x, y, z"),
        (
            ["agent", "benign", "hijacked"],
            {"hypotheses": ("benign", "hijaked")},
            "no column 'hijaked' (--hypotheses); did you mean 'hijacked'?",
        ),
        (["agent", "a", "b"], {"weight": "weight"}, "no column 'weight' (--weight-column)"),
        (["agent", "a", "b", "wieght"], {}, "column 'wieght' would be a hypothesis but looks like"),
        (["agent", "a", "b", " Weight"], {}, "column ' Weight' would be a hypothesis"),
        (["agent", "a", "b"], {"hypotheses": ("a", "a")}, "column 'a' is named twice"),
        (["agent", "a", "b"], {"weight": "agent"}, "column 'agent' is named twice"),
        (["agent", "a", "b"], {"weight": "a", "hypotheses": ("a", "b")}, "'a' is named twice"),
        (["agent", "a"], {}, "two or more hypothesis columns are needed, found a"),
        (["agent", "weight"], {}, "two or more hypothesis columns are needed, found none"),
        (["agent", "a", "b"], {"hypotheses": ("a",)}, "two or more hypothesis columns"),
    ],
)
def test_columns_that_cannot_be_right(columns, options, message):
    with pytest.raises(BadInput) as caught:
        choose(columns, **options)
    assert message in str(caught.value)
    assert str(caught.value).startswith("e.csv: ")


def batch(**columns):
    return pa.record_batch(columns)


@pytest.mark.parametrize("kind", [pa.int8(), pa.uint64(), pa.float16(), pa.float32(), pa.float64()])
def test_every_number_type_becomes_binary64(kind):
    source = batch(a=pa.array([0, 1, 2], pa.float64()).cast(kind), b=pa.array([-1.5, -np.inf, 0.0]))
    values = log_likelihoods(source, ["b", "a"], ROWS)
    assert values.dtype == np.float64
    assert values.tolist() == [[-1.5, 0], [-np.inf, 1], [0, 2]]


def test_float32_is_taken_exactly():
    source = batch(a=pa.array([0.1], pa.float32()))
    assert log_likelihoods(source, ["a"], ROWS)[0, 0] == float(np.float32(0.1))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0.0, -1.0, np.nan], "row 103, column 'a': NaN"),
        ([0.0, np.inf, np.nan], "row 102, column 'a': positive infinity"),
        ([None, 0.0, 0.0], "row 101, column 'a': the cell is empty"),
        ([None, None, None], "row 101, column 'a': the cell is empty"),
        (["1", "2", "x"], "column 'a' holds string, not numbers"),
        ([True, False, True], "column 'a' holds bool, not numbers"),
    ],
)
def test_values_that_are_no_evidence(values, message):
    with pytest.raises(BadInput) as caught:
        log_likelihoods(batch(b=pa.array([0.0] * 3), a=pa.array(values)), ["b", "a"], ROWS)
    assert message in str(caught.value)


@pytest.mark.parametrize("kind", [pa.int32(), pa.uint32(), pa.float64()])
def test_weights(kind):
    source = batch(w=pa.array([0, 1, 65535, 65536], pa.float64()).cast(kind))
    taken = weights(source, "w", ROWS)
    assert taken.dtype == np.uint32
    assert taken.tolist() == [0, 1, 65535, 65536]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (-1.0, "weight -1; give an integer 0 .. 65536"),
        (65537.0, "weight 65537"),
        (0.5, "weight 0.5"),
        (np.nan, "weight nan"),
        (np.inf, "weight inf"),
        (None, "the cell is empty"),
    ],
)
def test_weights_out_of_range(value, message):
    with pytest.raises(BadInput) as caught:
        weights(batch(w=pa.array([1.0, value])), "w", ROWS)
    assert f"e.csv: row 102, column 'w': {message}" in str(caught.value)


@pytest.mark.parametrize(("rows", "refused"), [(3, False), (4, True)])
@pytest.mark.parametrize("first", [0, 1])
def test_four_rows_that_count_are_a_counter(rows, refused, first):
    values = np.array([[-0.5, first + row] for row in range(rows)])
    if not refused:
        refuse_counters(values, ["a", "b"], FILE)
        return
    with pytest.raises(BadInput, match="column 'b' would be a hypothesis but looks like the num"):
        refuse_counters(values, ["a", "b"], FILE)


def test_a_column_without_a_name_was_a_hypothesis():
    with pytest.raises(BadInput, match="a column has no name; name it"):
        choose(["agent", "a", " "])
