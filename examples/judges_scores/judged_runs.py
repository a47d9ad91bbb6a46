"""Runs with a judge's score of each step, and whether the task was solved; read and checked."""

from pathlib import Path
from typing import NamedTuple

from consilience.errors import BadInput
from consilience.monitor.line_fields import binned
from consilience.traces.detection import read_trace
from consilience.traces.steps import Sequence

__all__ = ["BUNDLED", "DATA", "LEAST", "ONE", "JudgedRun", "read_runs"]

DATA = Path(__file__).with_name("data")
BUNDLED = tuple(
    DATA / name for name in ("hotpotqa.csv", "hotpotqa_later.csv.gz", "gsm8k_tools.csv")
)
ONE = 1 << 16
"""A score of 1, as an integer."""
LEAST = 5
"""Solved runs, and unsolved ones, that a file must have."""
_OUTCOMES = "solved", "success", "correct"


class JudgedRun(NamedTuple):
    """What a judge said of a run.

    Parameters
    ----------
    name : str
    scores : tuple of float
        Of each step, in order; 0 to 1, high is good.
    codes : tuple of int
        ``floor(65536 score)``.
    solved : bool
    """

    name: str
    scores: tuple[float, ...]
    codes: tuple[int, ...]
    solved: bool

    def head(self, steps: int) -> "JudgedRun":
        """Return the run as it was after so many steps."""
        return self._replace(scores=self.scores[:steps], codes=self.codes[:steps])


def read_runs(path: Path) -> list[JudgedRun]:
    """Return the runs of a file of scores; BadInput where it is none that can be judged by.

    Parameters
    ----------
    path : Path
        CSV, Parquet or JSON lines, a row a step: columns for the run, the score (`score` or
        `judge_probability`) and the outcome (`solved`, `success` or `correct`); step numbers
        where rows are not in order.
    """
    if path.is_dir():
        raise BadInput(f"{path}: is a folder; name the files in it")
    reading = read_trace(path).reading
    if reading.kind != "scores":
        raise BadInput(
            f"{path}: holds {reading.kind.replace('_', ' ')}, no judge's scores; give columns run, "
            "step, score, solved"
        )
    runs = [_run(path, one) for one in reading.sequences]
    names = {run.name for run in runs}
    if len(names) < len(runs):
        raise BadInput(f"{path}: runs of several agents have one name; name them apart")
    for solved, what in ((True, "solved"), (False, "unsolved")):
        count = sum(run.solved == solved for run in runs)
        if count < LEAST:
            raise BadInput(f"{path}: {count} {what} runs, {LEAST} are the least; give more")
    return runs


def _run(path: Path, one: Sequence) -> JudgedRun:
    said = next((one.extra[name] for name in _OUTCOMES if name in one.extra), None)
    if not isinstance(said, bool):
        raise BadInput(
            f"{path}: run {one.conversation!r} does not say how it ended; write True or False in a "
            "column solved"
        )
    scores = [_score(path, one, place) for place in range(len(one.steps))]
    codes = tuple(binned(score) for score in scores)
    return JudgedRun(str(one.conversation), tuple(scores), codes, said)


def _score(path: Path, one: Sequence, place: int) -> float:
    score = one.steps[place].score
    where = f"{path}: run {one.conversation!r}, step {place + 1}"
    if not isinstance(score, int | float):
        raise BadInput(f"{where} has no score; give one, or leave the run out")
    if not 0 <= score <= 1:
        raise BadInput(f"{where}: score {score} is not in 0 .. 1; divide by the judge's highest")
    return float(score)
