"""When a request counts as lost long before its time is up: by the round trips before it."""

from collections import deque

__all__ = ["Lateness"]

_MARGIN = 100e-6
"""Seconds beyond the usual round trip, at least: a Python program wakes no more exactly."""

_GAIN_OF_MEAN, _GAIN_OF_SPREAD, _SPREADS = 1 / 8, 1 / 4, 4
"""As TCP estimates its time-out (RFC 6298)."""


class Lateness:
    """Send times of the requests in flight, and the mean and spread of round trips.

    A reply to a request that was repeated may answer any of its copies: the last one, unless it
    comes much too soon for that; then it was not lost, but slow, and is measured from the first.
    Each repetition doubles the patience until something is answered. Lateness only repeats
    requests, which is always safe; the reply timeout alone decides when a call gives up.

    Parameters
    ----------
    longest : float
        Seconds: the reply timeout, beyond which there is no patience.

    Attributes
    ----------
    repeated_already : int
        How many of the oldest in flight were.
    """

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._mean: float | None = None
        self._spread = 0.0
        self.begin()

    def begin(self) -> None:
        """Forget the requests of the last operation."""
        self._sent: deque[float] = deque()  # last
        self._first: deque[float] = deque()
        self.repeated_already = 0
        self._patience = 1

    @property
    def due(self) -> float:
        """When the oldest request in flight is late; infinity while there is no measure."""
        if self._mean is None or not self._sent:
            return float("inf")
        usual = self._mean + max(_SPREADS * self._spread, _MARGIN)
        return self._sent[0] + min(usual * self._patience, self._longest)

    def sent(self, count: int, now: float) -> None:
        """Note that so many requests were sent for the first time."""
        self._sent.extend([now] * count)
        self._first.extend([now] * count)

    def repeated(self, count: int, now: float) -> None:
        """Note that the `count` oldest in flight, or some of them, were sent again."""
        for place in range(count):
            self._sent[place] = now
        self.repeated_already = max(self.repeated_already, count)

    def gave_up(self, now: float) -> None:
        """Note that all in flight were sent again because the oldest was late."""
        self.repeated(len(self._sent), now)
        self._patience *= 2

    def answered(self, count: int, now: float) -> None:
        """Note that the `count` oldest in flight have all been answered."""
        sent = first = now
        for _ in range(count):
            sent, first = self._sent.popleft(), self._first.popleft()
        if count:
            self._measure(now - sent, now - first)
        self.repeated_already = max(0, self.repeated_already - count)

    def _measure(self, trip: float, longest: float) -> None:
        """Take a round trip; `longest` is that to the first of several repetitions."""
        if self._mean is not None and trip < self._mean / 2:
            trip = longest  # too soon for the last one: the first was not lost
        self._patience = 1
        if self._mean is None:
            self._mean, self._spread = trip, trip / 2
        else:
            self._spread += _GAIN_OF_SPREAD * (abs(trip - self._mean) - self._spread)
            self._mean += _GAIN_OF_MEAN * (trip - self._mean)
