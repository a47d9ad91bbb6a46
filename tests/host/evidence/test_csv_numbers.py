"""Numbers of a CSV beyond those of binary64: the nearest there is, with their sign."""

import sys

import pytest

from consilience.evidence.reading import open_evidence

LARGEST, LEAST = sys.float_info.max, 5e-324


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("-1e400", -LARGEST),
        ("1e400", LARGEST),
        ("-1e-400", -LEAST),
        ("1e-400", LEAST),
        ("-inf", -float("inf")),
        ("-Infinity", -float("inf")),
        ("0e5", 0.0),
        ("-0.0", 0.0),
        (" -2.5 ", -2.5),
    ],
)
def test_a_number_beyond_the_range_lost_its_sign_or_became_another(tmp_path, cell, value):
    path = tmp_path / "e.csv"
    path.write_text(f"agent,a,b\n1,{cell},-1\n2,-1.5,-1\n")
    with open_evidence(path) as source:
        (batch,) = source.batches("agent", ["a", "b"], 10)
    assert batch.column("a").to_pylist() == [value, -1.5]
