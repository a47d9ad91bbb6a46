"""Files of judges' scores: read as they are, or refused with the cure."""

import re
from pathlib import Path

import pytest

from consilience.errors import BadInput
from examples.judges_scores.judged_runs import BUNDLED, DATA, read_runs

HEADER = "run,step,score,solved\n"
GOOD = HEADER + "".join(
    f"{name}{number},{step},0.5,{name == 'good'}\n"
    for name in ("good", "bad")
    for number in range(5)
    for step in (1, 2)
)


@pytest.mark.parametrize(
    ("name", "solved", "unsolved", "steps"),
    [
        ("hotpotqa.csv", 83, 67, 754),
        ("hotpotqa_later.csv.gz", 2396, 2604, 23819),
        ("gsm8k_tools.csv", 53, 7, 233),
    ],
)
def test_bundled(name: str, solved: int, unsolved: int, steps: int) -> None:
    assert DATA / name in BUNDLED
    runs = read_runs(DATA / name)
    assert [sum(run.solved == one for run in runs) for one in (True, False)] == [solved, unsolved]
    assert sum(len(run.scores) for run in runs) == steps


def test_steps_come_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(GOOD + "late,2,0.25,1\nlate,1,0.75,1\n")
    late = read_runs(path)[-1]
    assert late == ("late", (0.75, 0.25), (49152, 16384), True)
    assert late.head(1) == ("late", (0.75,), (49152,), True)


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("", "empty"),
        ("timestamp,value\n2026-01-01 00:00:00,1\n", "no judge's scores; give columns"),
        (GOOD.replace(",solved", ",end"), "run 'good0' does not say how it ended; write True"),
        (re.sub("(good0.*),True", r"\1,", GOOD), "run 'good0' does not say how it ended"),
        (GOOD.replace("good1,2,0.5", "good1,2,"), "run 'good1', step 2 has no score; give one"),
        (GOOD.replace("good1,2,0.5", "good1,2,50"), "step 2: score 50.0 is not in 0 .. 1; divide"),
        (GOOD.replace("good1,2,0.5", "good1,2,-0.1"), "score -0.1 is not in 0 .. 1"),
        (GOOD.replace("good1,2,0.5", "good1,2,fine"), "'fine' is no number"),
        (GOOD.replace("bad0", "bad1"), "4 unsolved runs, 5 are the least"),
        (GOOD.replace("good0", "good1"), "4 solved runs, 5 are the least"),
    ],
)  # fmt: skip
def test_refused(tmp_path: Path, text: str, cure: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(BadInput, match=cure) as refused:
        read_runs(path)
    assert "\n" not in str(refused.value)
