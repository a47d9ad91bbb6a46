"""Isotonic regression in integers: pool adjacent violators, compared by cross-multiplication."""

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Block", "isotonic"]


class Block(NamedTuple):
    """Scores that share a rate.

    Parameters
    ----------
    least : int
        The lowest score in it; it ends below the next one's.
    bad, all : int
        Runs.
    """

    least: int
    bad: int
    all: int


def isotonic(scores: Sequence[int], bad: Sequence[bool]) -> list[Block]:
    """Return the blocks of the rates of bad runs that rise with the score and fit best.

    The weighted least-squares fit, which is the maximum likelihood of the labels too; exact.

    Parameters
    ----------
    scores : sequence of int
    bad : sequence of bool
    """
    found: list[Block] = []
    for score, is_bad in sorted(zip(scores, bad, strict=True)):
        if found and found[-1].least == score:
            last = found.pop()
            found.append(Block(score, last.bad + is_bad, last.all + 1))
        else:
            found.append(Block(score, int(is_bad), 1))
    pooled: list[Block] = []
    for block in found:
        pooled.append(block)
        # A rate that is not above the one before it is pooled with it.
        while (
            len(pooled) > 1 and pooled[-1].bad * pooled[-2].all <= pooled[-2].bad * pooled[-1].all
        ):
            last, before = pooled.pop(), pooled.pop()
            pooled.append(Block(before.least, before.bad + last.bad, before.all + last.all))
    return pooled
