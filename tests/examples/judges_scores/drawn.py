"""Runs that are drawn: solved and unsolved ones of one judge."""

import numpy as np

from examples.judges_scores.judged_runs import ONE, JudgedRun


def run_of(name: str, scores: list[float], solved: bool = True) -> JudgedRun:
    return JudgedRun(name, tuple(scores), tuple(int(one * ONE) for one in scores), solved)


def drawn(seed: int, solved: int, unsolved: int = 0, values: int = 20) -> list[JudgedRun]:
    """Draw runs with scores that are multiples of 1 / values; few values have many ties."""
    draw = np.random.default_rng(seed)
    runs = []
    for place in range(solved + unsolved):
        good = place < solved
        steps = int(draw.integers(1, 5) if good else draw.integers(3, 8))
        scores = draw.integers(0, values + 1, steps) / values
        if good:
            scores = np.maximum(scores, draw.integers(0, values + 1, steps) / values)
        runs.append(run_of(f"run {place}", scores.tolist(), good))
    return runs
