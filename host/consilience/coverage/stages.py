"""What is certified when so many take part, tenth by tenth, and from how many on."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from math import isfinite
from typing import Any

from consilience.coverage.delay import AlarmMoves, alarm_moves
from consilience.coverage.evidence_law import EvidenceLaw
from consilience.coverage.lowest_sum import Shares, chance_above, sum_law
from consilience.coverage.promise import Need, Question, least
from consilience.coverage.why_not import why_not
from consilience_hw.spec.number_formats import CLIP_BIN

__all__ = ["TENTHS", "Chance", "Coverage", "Stage", "chance_of", "coverage_of"]

TENTHS = 10
_BIT = 65536
_MOST_EXACT = 65_536
"""Reporters up to which an alarm's law is worked out."""

Laws = Mapping[str, tuple[EvidenceLaw, int]]


@dataclass(frozen=True)
class Chance:
    """Probability of a verdict in time, with those of the ends of the evidence's band.

    Parameters
    ----------
    least, predicted, most : float
    mean : float or None
        Of a monitor: mean observations to the alarm, at most; None where there is no such mean.
    """

    least: float
    predicted: float
    most: float
    mean: float | None = None


@dataclass(frozen=True)
class Stage:
    """A stage of a roll-out.

    Parameters
    ----------
    taking_part : int
    margin_bits : float
        How far over the limit the certified lower end is on average, of those that take part.
    whole_margin_bits : float
        The same for all that are enrolled.
    enough : bool
        n > 3 f: there is an interval at all.
    usual, sure : bool
        A verdict at least as often as not (on average, where only the quality is known), and with
        the wanted probability.
    whole_usual, whole_sure : bool
        One that holds for all that are enrolled; never of a monitor.
    chances, whole_chances : mapping of str to Chance
        By what is true; empty where only the quality is known.
    """

    taking_part: int
    margin_bits: float
    whole_margin_bits: float
    enough: bool
    usual: bool
    sure: bool
    whole_usual: bool
    whole_sure: bool
    chances: Mapping[str, Chance]
    whole_chances: Mapping[str, Chance]


@dataclass(frozen=True)
class Coverage:
    """The answer; see `coverage_of`.

    Parameters
    ----------
    question : Question
    quality : Fraction
    stages : list of Stage
    usual_from, sure_from, whole_usual_from, whole_sure_from : int or None
        Least numbers of reporters; None where none suffices. See `Stage`.
    any_sure_from : int or None
        From where on a verdict is sure for any evidence as good as r, whatever its law.
    each_brings_bits, whole_each_brings_bits : float
        What each further honest reporter adds to the margin, on average.
    why_not : str or None
        Why no number suffices.
    """

    question: Question
    quality: Fraction
    stages: list[Stage]
    usual_from: int | None
    sure_from: int | None
    any_sure_from: int | None
    whole_usual_from: int | None
    whole_sure_from: int | None
    each_brings_bits: float
    whole_each_brings_bits: float
    why_not: str | None

    @property
    def is_monitor(self) -> bool:
        """Whether an alarm was asked for, not one decision."""
        return self.question.cost > 0

    @property
    def breakdown(self) -> Fraction:
        """r / (1 + r): below this share of liars the sum has the right sign on average."""
        return max(self.quality, Fraction(0)) / (1 + max(self.quality, Fraction(0)))

    @property
    def certified(self) -> Fraction:
        """r / (2 + r): below this share of liars the interval decides on average."""
        return max(self.quality, Fraction(0)) / (2 + max(self.quality, Fraction(0)))

    @property
    def gains(self) -> list[float]:
        """What each further participant added to the probability of a verdict, by stage.

        Of the truth that is told least; since the stage before. Empty where there are none.
        """
        chances = [0.0]
        counts = [0]
        for one in self.stages:
            if not one.chances:
                return []
            chances.append(min(each.predicted for each in one.chances.values()))
            counts.append(one.taking_part)
        return [
            (chances[place + 1] - chances[place]) / (counts[place + 1] - counts[place])
            for place in range(len(self.stages))
        ]

    def as_json(self) -> dict[str, Any]:
        """Return all of it as one object."""
        asked = self.question
        return {
            "reporters": asked.enrolled,
            "liars": asked.liars,
            "clip_bits": asked.clip / _BIT,
            "limit_bits": asked.limit / _BIT,
            "observations": asked.observations,
            "sure": str(asked.sure),
            "quality": float(self.quality),
            "breakdown": float(self.breakdown),
            "certified_below": float(self.certified),
            "usual_from": self.usual_from,
            "sure_from": self.sure_from,
            "any_sure_from": self.any_sure_from,
            "whole_usual_from": self.whole_usual_from,
            "whole_sure_from": self.whole_sure_from,
            "each_brings_bits": self.each_brings_bits,
            "whole_each_brings_bits": self.whole_each_brings_bits,
            "why_not": self.why_not,
            "each_further_one_added": self.gains,
            "stages": [asdict(one) for one in self.stages],
        }


def coverage_of(question: Question, quality: Fraction, laws: Laws) -> Coverage:
    """Return what each tenth of the reporters buys.

    Parameters
    ----------
    question : Question
    quality : Fraction
        r.
    laws : mapping of str to (EvidenceLaw, int)
        What is true, by name: the law of the evidence, and the limit, in ulp, of its verdict.
        Empty if r is all that is known.
    """
    part, whole = _View(question, quality, laws), _View(question, quality, laws, whole=True)
    most = question.enrolled
    counts = sorted({max(most * tenth // TENTHS, 1) for tenth in range(1, TENTHS + 1)})
    first = part.first(part.usual)
    return Coverage(
        question=question,
        quality=quality,
        stages=[_stage(part, whole, count) for count in counts],
        usual_from=first,
        sure_from=part.first(part.sure),
        any_sure_from=part.first(part.need.is_sure),
        whole_usual_from=whole.first(whole.usual),
        whole_sure_from=whole.first(whole.sure),
        each_brings_bits=float(part.need.each_brings / _BIT),
        whole_each_brings_bits=float(whole.need.each_brings / _BIT),
        why_not=why_not(part.need) if first is None else None,
    )


class _View:
    """A verdict of those that take part, or of all that are enrolled (`whole`)."""

    def __init__(
        self, question: Question, quality: Fraction, laws: Laws, *, whole: bool = False
    ) -> None:
        self.need = Need(question, quality, whole)
        self._laws = laws

    def first(self, holds: Callable[[int], bool]) -> int | None:
        most = self.need.question.enrolled
        found = least(holds, most)
        return found if found <= most else None

    def chances(self, count: int) -> dict[str, Chance]:
        return {
            name: chance_of(self.need.question, law, at + self._unheard(count), count)
            for name, (law, at) in self._laws.items()
        }

    def usual(self, count: int) -> bool:
        if not self._laws:
            return self._asked and self.need.decides(count)
        return self._asked and self._chance(count, lambda law: law.shares) >= 0.5

    def sure(self, count: int) -> bool:
        if not self._laws:
            return self._asked and self.need.is_sure(count)
        wanted = self.need.question.sure
        return self._asked and self._chance(count, EvidenceLaw.worst) >= wanted

    @property
    def _asked(self) -> bool:
        return not (self.need.whole and self.need.question.cost)

    def _unheard(self, count: int) -> int:
        """Return what those that are silent might have said, in ulp."""
        asked = self.need.question
        return (asked.enrolled - count) * asked.clip if self.need.whole else 0

    def _chance(self, count: int, law_of: Callable[[EvidenceLaw], Shares]) -> float:
        """Return the least probability over what may be true."""
        return min(
            _chance_with(self.need.question, law_of(law), at + self._unheard(count), count)[0]
            for law, at in self._laws.values()
        )


def _stage(part: _View, whole: _View, count: int) -> Stage:
    return Stage(
        taking_part=count,
        margin_bits=float(part.need.margin(count) / _BIT),
        whole_margin_bits=float(whole.need.margin(count) / _BIT),
        enough=count > 3 * part.need.question.liars,
        usual=part.usual(count),
        sure=part.sure(count),
        whole_usual=whole.usual(count),
        whole_sure=whole.sure(count),
        chances=part.chances(count),
        whole_chances={} if part.need.question.cost else whole.chances(count),
    )


def chance_of(question: Question, law: EvidenceLaw, limit: int, taking_part: int) -> Chance:
    """Return the probability of a verdict in time where the liars say the least."""
    laws = (law.worst(), law.shares, law.best())
    ends = [_chance_with(question, one, limit, taking_part) for one in laws]
    mean = None
    if question.cost and 3 * question.liars < taking_part <= _MOST_EXACT:
        longest = _moves(question, law.shares, limit, taking_part).mean()[1]
        mean = longest if isfinite(longest) else None
    return Chance(ends[0][0], sum(ends[1]) / 2, ends[2][1], mean)


def _chance_with(question: Question, shares: Shares, limit: int, count: int) -> tuple[float, float]:
    """Return between what the probability lies where one honest report has this law."""
    if count <= 3 * question.liars:
        return 0.0, 0.0
    if question.cost and count > _MOST_EXACT:
        return 0.0, 1.0
    if question.cost:
        return _moves(question, shares, limit, count).within(question.observations)
    unit = question.clip // CLIP_BIN
    return chance_above(shares, count - question.liars, question.liars, limit / unit)


def _moves(question: Question, shares: Shares, limit: int, count: int) -> AlarmMoves:
    law = sum_law(shares, count - question.liars, question.liars)
    return alarm_moves(law, question.clip // CLIP_BIN, count * question.cost, limit)
