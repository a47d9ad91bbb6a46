"""When a state was said, on the hearer's own clock: a lower bound that needs no common clock.

R hears from S. Let said(M) be a moment of R's clock that is certainly not after S read its clock
for the message M. Two facts give one:

- *Echo.* R told S its elapsed time m. S heard it, held it for h of its own time, then said M with
  both. S heard m after R read it, so M was said at m + h or later.
- *Step.* An earlier message M0 of the same incarnation carried S's elapsed time e0, and M carries
  e > e0: M was said e - e0 after M0.

The later of the two is kept: said(M) = max(m + h, said(M0) + e - e0). S reads its clock before its
state, so all that S acknowledged before said(M) is in M. Age is R's time now less said(M).

Times of S enter as lengths only, never as moments, so that clocks need no common zero, and a
restarted or rebooted S may begin anywhere. They must run alike: at most 1 in 1000 apart (a slewed
clock is within 1 in 2000 of the true second). Lengths of S are shortened by that, ages lengthened.

A new incarnation has no step. Until its first echo it counts as said when the last message of the
incarnation before it was; without one it is not dated at all and not taken.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from consilience.distributed.reads.dated_state import Echo

__all__ = ["DRIFT", "AgeBounds", "ages_ms"]

DRIFT = 1_000
"""Two clocks gain or lose at most one part in so many on each other."""

_US_NS = 1_000
_MS_NS = 1_000_000


@dataclass(frozen=True)
class _Last:
    incarnation: int
    elapsed_ns: int
    sent_ns: int


class AgeBounds:
    """The dates of what one node hears of all shards.

    Parameters
    ----------
    incarnation : int
        The hearer's own: echoes of times of its former lives are no use.
    """

    def __init__(self, incarnation: int) -> None:
        self._incarnation = incarnation
        self._last: dict[int, _Last] = {}

    def sent_since(
        self, shard: int, incarnation: int, elapsed_ns: int, echo: Echo, now_ns: int
    ) -> int | None:
        """Return the hearer's elapsed time, in ns, at or after which the message was said.

        Parameters
        ----------
        shard, incarnation : int
            The speaker.
        elapsed_ns : int
            The speaker's elapsed time in the message.
        echo : Echo
            Of the hearer, in the message.
        now_ns : int
            The hearer's elapsed time.

        Returns
        -------
        int or None
            None: not after what was heard before, or without any date; do not take it.
        """
        last = self._last.get(shard)
        if last is not None and (incarnation, elapsed_ns) <= (last.incarnation, last.elapsed_ns):
            return None
        bounds = []
        if echo.incarnation == self._incarnation and echo.elapsed_ns <= now_ns:
            bounds.append(echo.elapsed_ns + _shortened(echo.held_us * _US_NS))
        if last is not None:
            same = incarnation == last.incarnation
            step = _shortened(elapsed_ns - last.elapsed_ns) if same else 0
            bounds.append(last.sent_ns + step)
        if not bounds:
            return None
        said = min(max(bounds), now_ns)
        self._last[shard] = _Last(incarnation, elapsed_ns, said)
        return said


def ages_ms(now_ns: int, sent_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ages in ms, rounded up, at least 1: nothing that is read is of this very moment."""
    age = now_ns - sent_ns
    age += age // DRIFT + 1
    return np.maximum(-(-age // _MS_NS), 1)


def _shortened(length_ns: int) -> int:
    """Return a length on another's clock as the least that it is on one's own."""
    return length_ns - -(-length_ns // DRIFT)
