"""Why no number of reporters suffices, and what would help."""

from dataclasses import replace
from fractions import Fraction

from consilience.coverage.promise import Need, Question

__all__ = ["why_not"]

_BIT = 65536


def why_not(need: Need) -> str:
    """Return why not all that are enrolled suffice on average, and what would do."""
    asked, r = need.question, need.quality
    if r <= 0:
        return (
            f"the evidence does not speak for the truth (r = {float(r):.3f}): with more reporters "
            "it only grows more wrong; look for better evidence"
        )
    if asked.enrolled <= 3 * asked.liars:
        return (
            f"{asked.liars:,} of {asked.enrolled:,} may lie, and more than 3 f = "
            f"{3 * asked.liars:,} must take part: enrol {3 * asked.liars + 1:,} or more"
        )
    own = Need(replace(asked, limit=0), r)
    if own.margin(asked.enrolled) > 0:
        times = Fraction(asked.limit, 1) / own.margin(asked.enrolled)
        more = int(times * asked.enrolled) + 1
        return (
            f"{asked.enrolled:,} reporters are too few for a limit of {asked.limit / _BIT:.1f} "
            f"bits: with as large a share of liars, {more:,} would do, or a lower limit"
        )
    bears = need.most_liars()
    r_needed = _quality_needed(asked)
    better = (
        f"evidence of r above {float(r_needed):.3f}" if r_needed < 1 else "a smaller share of liars"
    )
    return (
        f"{asked.liars:,} of {asked.enrolled:,} may lie ({asked.liars / asked.enrolled:.1%}), and "
        f"evidence of r = {float(r):.3f} bears {max(bears, 0):,} here: liars take away more than "
        f"honest reporters bring, however many there are; needed is {better}"
    )


def _quality_needed(asked: Question) -> Fraction:
    """Return the r above which all that are enrolled decide on average, without a limit."""
    lost = 2 * asked.liars + Fraction(asked.enrolled * asked.cost, asked.clip)
    return lost / (asked.enrolled - asked.liars)
