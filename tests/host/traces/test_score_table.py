"""Scores of steps that come twice: once where they are the same, told where they are not."""

import pytest

from consilience.traces.score_table import SCORE_TABLE
from consilience.traces.source import Source

HEAD = "agent,run,step,score\n"
ROWS = ["a,r1,0,0.5\n", "a,r1,1,0.25\n", "a,r2,0,0.5\n"]


def read(tmp_path, text):
    path = tmp_path / "scores.csv"
    path.write_text(text)
    return SCORE_TABLE.read(Source(path))


def test_a_row_that_is_written_twice_counted_as_one_step_more(tmp_path):
    once = read(tmp_path, HEAD + "".join(ROWS))
    twice = read(tmp_path, HEAD + "".join([ROWS[1], *ROWS, ROWS[0], ROWS[1]]))
    assert [run.steps for run in twice.sequences] == [run.steps for run in once.sequences]
    assert twice.warnings == ["3 rows are written twice, and count once"]
    assert not once.warnings


def test_another_score_of_the_same_step_is_told(tmp_path):
    found = read(tmp_path, HEAD + "".join(ROWS) + "a,r1,1,0.75\n")
    assert len(found.sequences[0].steps) == 3
    (warning,) = found.warnings
    assert "1 rows have the run and the step of another one" in warning and "keep one" in warning


@pytest.mark.parametrize("column", ["", "note"])
def test_without_a_column_of_steps_every_row_is_a_step(tmp_path, column):
    head = f"agent,run,score{',' + column if column else ''}\n"
    rows = ["a,r,0.5" + (",x" if column else "") + "\n"] * 3
    found = read(tmp_path, head + "".join(rows))
    assert len(found.sequences[0].steps) == 3 and not found.warnings
