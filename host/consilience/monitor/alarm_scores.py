"""What an alarm says of scores: those of its runs as they were sent, their ranks, what is usual."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from consilience.monitor.agent_index import AgentId
from consilience.monitor.binomial_limits import SCALE
from consilience.monitor.history import INFINITE, LEAST
from consilience.monitor.past_scores import PastScores

__all__ = ["Scored", "as_sent", "scores_of", "usual_of"]

_ONE = 1 << 16
_SHOWN = 6
_UNITS = 1, 10, 100, 1_000, 10_000, 100_000
"""10^-5 is less than the width of a bin, 2^-16: with five digits one is always in it."""


class Scored(NamedTuple):
    """How a run was ranked.

    Parameters
    ----------
    score : int
        Binned.
    rank, ranks : int
        j of N, 1 the most suspect; of a frozen table the share of good runs, of 2**32.
    """

    score: int
    rank: int
    ranks: int


def as_sent(code: int, low_is_suspect: bool = False) -> float | None:
    """Return the shortest decimal number that is binned to a code; None of infinite scores.

    The number that was sent, unless it had more digits than are told apart (2^-16).
    """
    if code in (LEAST, INFINITE):
        return None
    for unit in _UNITS:
        if low_is_suspect:
            number = -code * unit // _ONE
            fits = number * _ONE > (-code - 1) * unit
        else:
            number = -(-code * unit // _ONE)
            fits = number * _ONE < (code + 1) * unit
        if fits:
            break
    return number if unit == 1 else number / unit


def scores_of(
    runs: Sequence[tuple[AgentId, Scored]], low_is_suspect: bool, more: int = 0
) -> dict[str, Any]:
    """Return the scores of the runs that moved an alarm, as JSON takes them, with words.

    Parameters
    ----------
    runs : sequence of (run, Scored)
        The strongest first.
    low_is_suspect : bool
    more : int
        Runs whose scores are not known any more.
    """
    found, words = list[dict[str, Any]](), list[str]()
    for run, one in runs:
        shown = as_sent(one.score, low_is_suspect)
        said = "none" if shown is None else str(shown)
        if one.ranks == SCALE:
            share = one.rank / SCALE
            found.append({"run": run, "score": shown, "share_at_most": share})
            words.append(
                f"{said} (at most {share:.2g} of good runs are so {_far(low_is_suspect)[0]})"
            )
        else:
            found.append({"run": run, "score": shown, "rank": one.rank, "of": one.ranks})
            words.append(f"{said} ({one.rank:,} of {one.ranks:,})")
    rest = len(words) - _SHOWN + more if len(words) > _SHOWN else more
    named = ", ".join(words[:_SHOWN]) + (f" and {rest:,} more" if rest else "")
    is_ranked = any("rank" in one for one in found)
    begin = f"scores, ranked from the {_far(low_is_suspect)[1]} on: " if is_ranked else "scores: "
    return {"runs": found, "says": begin + named}


def usual_of(past: PastScores, low_is_suspect: bool) -> dict[str, Any] | None:
    """Return the middle of a history, and what nine in ten of its runs are within; None if empty.

    `p5`, `median`, `p95`: the scores as sent that stand at 5, 50 and 95 in a hundred of its `runs`,
    from the lowest number on.
    """
    if not past.total:
        return None
    values, sums = past.values, list(accumulate(past.counts))
    shares = (95, 50, 5) if low_is_suspect else (5, 50, 95)
    codes = [_at(values, sums, -(-past.total * share // 100)) for share in shares]
    found = [as_sent(one, low_is_suspect) for one in codes]
    return {"runs": past.total, **dict(zip(("p5", "median", "p95"), found, strict=True))}


def _at(values: Sequence[int], sums: Sequence[int], place: int) -> int:
    """Return the score at a place from the lowest on, 1 the first."""
    return next(value for value, upto in zip(values, sums, strict=True) if upto >= place)


def _far(low_is_suspect: bool) -> tuple[str, str]:
    return ("low", "lowest") if low_is_suspect else ("high", "highest")
