"""Age bounds: when a state was sent, on the receiver's own clock, without a common clock.

R receives from S. Let sent(M) be a moment of R's clock that is certainly not after S read its clock
for the message M. Two facts give one:

- *Echo.* R sent S its elapsed time m. S received it, held it for h of its own time, then sent M
  with both. S received m after R read it, so M was sent at m + h or later.
- *Step.* An earlier message M0 of the same incarnation carried S's elapsed time e0, and M carries
  e > e0: M was sent e - e0 after M0.

The later of the two is kept: sent(M) = max(m + h, sent(M0) + e - e0). S reads its clock before its
state, so all that S acknowledged before sent(M) is in M. Age is R's time now less sent(M).

Times of S enter as lengths only, never as moments, so that clocks need no common zero, and a
restarted or rebooted S may begin anywhere. They must run alike: at most 1 in 1000 apart (a slewed
clock is within 1 in 2000 of the true second). Lengths of S are shortened by that, ages lengthened.

A new incarnation has no step. Until its first echo it counts as sent when the last message of the
incarnation before it was; without one it is not dated at all and not taken.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consilience.distributed.reads.dated_state import Echo
from consilience.kernels.read_kernels import age_each

__all__ = ["DRIFT", "AgeBounds", "ages_ms"]

DRIFT = 1_000
"""Two clocks gain or lose at most one part in this many on each other."""

_US_NS = 1_000


class _Last(NamedTuple):
    incarnation: int
    elapsed_ns: int
    sent_ns: int


class AgeBounds:
    """Dates the messages that one node receives of all shards.

    Parameters
    ----------
    incarnation : int
        The receiver's own: echoes of times of its former incarnations are no use.
    """

    def __init__(self, incarnation: int) -> None:
        self._incarnation = incarnation
        self._last: dict[int, _Last] = {}

    def sent_since(
        self, shard: int, incarnation: int, elapsed_ns: int, echo: Echo, now_ns: int
    ) -> int | None:
        """Return the receiver's elapsed time, in ns, at or after which the message was sent.

        Parameters
        ----------
        shard, incarnation : int
            The sender.
        elapsed_ns : int
            The sender's elapsed time in the message.
        echo : Echo
            The receiver's, in the message.
        now_ns : int
            The receiver's elapsed time.

        Returns
        -------
        int or None
            None: not newer than an earlier message, or without any date; do not take it.
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
        sent = min(max(bounds), now_ns)
        self._last[shard] = _Last(incarnation, elapsed_ns, sent)
        return sent


def ages_ms(now_ns: int, sent_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ages in ms, rounded up, at least 1: nothing that is read is of this moment.

    `NEVER` stays what it is.
    """
    return age_each(now_ns, sent_ns, DRIFT)


def _shortened(length_ns: int) -> int:
    """Return the least that a length of another clock is on one's own."""
    return length_ns - -(-length_ns // DRIFT)
