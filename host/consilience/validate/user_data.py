"""Evidence or scores of a user, read by the readers that `fuse` and `monitor` have."""

import csv
import json
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consilience.devices.cpu import CPU_CONFIG
from consilience.errors import BadInput
from consilience.evidence.chunks import EvidenceChunks, ReadingOptions
from consilience.evidence.reading import SUFFIXES
from consilience.monitor.observation import What
from consilience.monitor.observation_lines import LineReader
from consilience.monitor.parquet_lines import ParquetLines
from consilience.numbers.arrays import Codes, Words

__all__ = ["Evidence", "Scores", "read_user_data", "score_lines"]

_OPTION = re.compile(r"--[a-z][a-z-]*")
_EVIDENCE = "agent, a log-likelihood in nats for each hypothesis, and weight if there is one"
_CURE_OF_EVIDENCE = f"write a file whose columns are {_EVIDENCE}"
_CURE_OF_SCORES = "write a file with a row a run: agent, score"
_CURE_OF_IDS = "write all ids alike: integers below 2**64, or none of them an integer"


class Evidence(NamedTuple):
    """Rows of evidence: agent numbers (n,), codes (n, H), weights; an even prior.

    `doubts` says what the rows look like, if not log-likelihoods and weights; `saturated` counts
    values beyond the largest code.
    """

    agent: NDArray[np.int64]
    codes: Codes
    weight: Words | None
    hypotheses: tuple[str, ...]
    prior: Codes
    doubts: tuple[str, ...] = ()
    saturated: int = 0


class Scores(NamedTuple):
    """Whole runs in order: agent numbers and scores, binned as `consilience monitor` does."""

    agent: NDArray[np.int64]
    score: NDArray[np.int64]


def read_user_data(path: Path) -> Evidence | Scores:
    """Return what a file holds.

    Raises
    ------
    BadInput
        It is neither; the message names a cure that `consilience validate` has.
    """
    if path.is_dir():
        raise BadInput(f"{path}: is a directory; name one file of evidence or scores")
    if not path.exists():
        raise BadInput(f"{path}: no such file; check the path")
    if not path.is_file():
        raise BadInput(f"{path}: is a pipe or a device; save what it gives to a file first")
    try:
        return _scores(path)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}); check its rights") from None
    except BadInput as not_scores:
        if _names_scores(path):
            raise _cured(f"{path}: {not_scores}", _CURE_OF_SCORES) from None
        if path.suffix.lower() not in SUFFIXES:
            raise BadInput(
                f"{path}: neither evidence, which is in {', '.join(SUFFIXES)}, nor scores "
                f"({_without_cure(not_scores)}); {_CURE_OF_SCORES}; of traces make scores first: "
                "`consilience fit` and `consilience score`"
            ) from None
    try:
        return _evidence(path)
    except BadInput as error:
        raise _cured(str(error), _CURE_OF_EVIDENCE) from None


def score_lines(path: Path) -> list[tuple[int, bytes]]:
    """Return the lines of a file of scores with their numbers, as `consilience monitor` reads."""
    if path.suffix.lower() == ".parquet":
        lines = ParquetLines(path, {})
        try:
            return [one for block in lines.blocks() for one in block]
        finally:
            lines.close()
    return list(enumerate(path.read_bytes().splitlines(keepends=True), 1))


def _scores(path: Path) -> Scores:
    reader, agents, scores = LineReader(), [], []
    numbers: dict[object, int] = {}
    for number, line in score_lines(path):
        seen = reader.read(line, number)
        if seen is None:
            continue
        if seen.what is What.WHOLE and seen.score is None:
            raise BadInput(f"line {number}: no score; give a number, or leave the line out")
        if seen.what is not What.WHOLE or seen.score is None:
            raise BadInput(f"line {number}: an event; give whole runs, a row each: agent, score")
        agents.append(numbers.setdefault(seen.agent, len(numbers)))
        scores.append(seen.score)
    if not scores:
        raise BadInput("no runs; write a row for each: agent, score")
    return Scores(np.array(agents, np.int64), np.array(scores, np.int64))


def _names_scores(path: Path) -> bool:
    """Return whether the first line names scores, or increments: then it is no evidence."""
    try:
        first = next((line for _, line in score_lines(path) if line.strip()), b"").decode()
        names = json.loads(first) if first.startswith("{") else next(csv.reader([first]), [])
    except (BadInput, ValueError, csv.Error, RecursionError):
        return False
    return bool({"score", "x1"} & {str(name).strip("\ufeff ") for name in names})


def _evidence(path: Path) -> Evidence:
    with EvidenceChunks(path, ReadingOptions()) as chunks:
        parts = list(chunks)
        hypotheses = chunks.hypotheses
        doubts = tuple(str(_cured(one, _CURE_OF_EVIDENCE)) for one in chunks.warnings)
        saturated = chunks.saturated
    if len(hypotheses) > CPU_CONFIG.hypotheses:
        raise BadInput(
            f"{path}: {len(hypotheses)} hypotheses, and a device takes at most "
            f"{CPU_CONFIG.hypotheses}; leave some of them out of the file"
        )
    weights = [one.weight for one in parts if one.weight is not None]
    even = -round(np.log2(len(hypotheses)) * (1 << 16))
    return Evidence(
        np.concatenate([one.agent for one in parts]),
        np.concatenate([one.codes for one in parts]),
        np.concatenate(weights) if weights else None,
        tuple(hypotheses),
        np.full(len(hypotheses), even, np.int32),
        doubts,
        saturated,
    )


def _cured(message: str, cure: str) -> BadInput:
    """Return the error with a cure of our own if it has none, or an option of other commands."""
    option = _OPTION.search(message)
    if option is None:
        return BadInput(message if "; " in message else f"{message}; {cure}")
    if option[0] == "--agent-type":
        cure = _CURE_OF_IDS
    fault = message.replace(" (--agent-column)", "").removesuffix(f": pass {option[0]}")
    return BadInput(f"{_without_cure(fault) if _OPTION.search(fault) else fault}; {cure}")


def _without_cure(message: object) -> str:
    """Return what is wrong: of "fault; cure" the fault."""
    return str(message).rpartition("; ")[0] or str(message)
