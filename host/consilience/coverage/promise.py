"""What is asked of a verdict, and from how many reporters on it is sure: exact, for any evidence.

Only the quality r is used: h honest reporters pull by h r c on average. Hoeffding (1963): their sum
falls short of its mean by s with a probability of at most exp(-s^2 / (2 h c^2)), as each lies
within 2 c. All in fractions; ln 2 is rounded up.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from consilience.errors import BadInput
from consilience.numbers.exact_logarithms import ceil_log2

__all__ = ["Need", "Question", "least"]

_LN_2 = Fraction(69_314_719, 10**8)
"""Above ln 2."""


@dataclass(frozen=True)
class Question:
    """A verdict that is wanted.

    Parameters
    ----------
    enrolled : int
        N: reporters that there are.
    liars : int
        f: so many of them may lie, and are taken to take part from the beginning.
    clip : int
        c in ulp, a multiple of 128.
    limit : int
        What the sum has to get over, in ulp: t for one decision, A for an alarm.
    observations : int
        How many are added up: 1 for a decision.
    cost : int
        In ulp for each reporter and observation: what the monitor takes off for the clip.
    sure : Fraction
        Probability with which the verdict is wanted.
    """

    enrolled: int
    liars: int
    clip: int
    limit: int
    observations: int
    cost: int
    sure: Fraction

    def __post_init__(self) -> None:
        if self.enrolled < 1:
            raise BadInput(f"--reporters {self.enrolled}: at least 1 is needed")
        if not 0 <= self.liars < self.enrolled:
            raise BadInput(
                f"--liars {self.liars} of {self.enrolled} reporters: 0 or more, and fewer than all"
            )
        if not 0 < self.sure < 1:
            raise BadInput(f"--sure {self.sure}: a probability between 0 and 1, as 99/100")

    @property
    def _surprise(self) -> Fraction:
        """Above ln(1 / (1 - sure))."""
        miss = 1 - self.sure
        return Fraction(ceil_log2(miss.denominator, miss.numerator), 1 << 16) * _LN_2


@dataclass(frozen=True)
class Need:
    """A question, asked of evidence of a quality.

    Parameters
    ----------
    question : Question
    quality : Fraction
        r: mean of a clipped honest report towards the truth, in clips.
    whole : bool
        The verdict is to hold for all that are enrolled, whatever the silent ones would have said:
        each may add c either way.
    """

    question: Question
    quality: Fraction
    whole: bool = False

    def margin(self, taking_part: int) -> Fraction:
        """Return how far over the limit the lower end is on average, in ulp: at least so far.

        Liars take away f c, and what they may hide in f c more.
        """
        asked = self.question
        honest = taking_part - asked.liars
        pull = (honest * self.quality - 2 * asked.liars) * asked.clip - taking_part * asked.cost
        if self.whole:
            pull -= (asked.enrolled - taking_part) * asked.clip
        return asked.observations * pull - asked.limit

    def decides(self, taking_part: int) -> bool:
        """Return whether the verdict is had on average: n > 3 f, and the margin is above 0."""
        return taking_part > 3 * self.question.liars and self.margin(taking_part) > 0

    def is_sure(self, taking_part: int) -> bool:
        """Return whether it is had with the probability that is wanted, whatever the law."""
        if not self.decides(taking_part):
            return False
        asked, over = self.question, self.margin(taking_part)
        reports = asked.observations * (taking_part - asked.liars)
        return over * over >= 2 * reports * asked.clip**2 * asked._surprise

    @property
    def each_brings(self) -> Fraction:
        """What each further honest reporter adds to the margin of one observation, in ulp."""
        gain = self.quality * self.question.clip - self.question.cost
        return gain + self.question.clip if self.whole else gain

    def most_liars(self) -> int:
        """Return how many liars at most a verdict on average bears with all taking part; or -1."""
        asked = self.question
        return (
            least(
                lambda liars: (
                    not Need(replace(asked, liars=liars), self.quality).decides(asked.enrolled)
                ),
                asked.enrolled - 1,
            )
            - 1
        )


def least(holds: Callable[[int], bool], most: int) -> int:
    """Return the least of 0 .. most for which it holds, as for all after it; else most + 1."""
    low, high = 0, most + 1
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
