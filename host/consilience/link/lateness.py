"""When a request counts as lost long before its time is up: by the round trips before it."""

from collections import deque
from dataclasses import dataclass

__all__ = ["Lateness"]

_MARGIN = 100e-6
"""Seconds beyond the usual round trip, at least: a Python program wakes no more exactly."""

_GAIN_OF_MEAN, _GAIN_OF_SPREAD, _SPREADS = 1 / 8, 1 / 4, 4
"""As TCP estimates its time-out (RFC 6298)."""


@dataclass(slots=True)
class _Sent:
    """When a request in flight was sent, and how many had been answered at the first time."""

    first: float
    last: float
    answered: int


class Lateness:
    """Send times of the requests in flight, and the mean and spread of round trips.

    A reply to a request that was repeated may answer any of its copies: the last one, unless it
    comes much sooner than any round trip; then it was not lost, but slow, and is measured from the
    first. Much sooner than the usual one is no sign of that: a window in flight waits for the
    device, and a repetition after a loss finds it idle. Each repetition doubles the patience until
    something is answered. Lateness only repeats requests, which is always safe; the reply timeout
    alone decides when a call gives up.

    Parameters
    ----------
    longest : float
        Seconds: the reply timeout, beyond which there is no patience.
    """

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._mean: float | None = None
        self._spread = 0.0
        self._least = 0.0
        self._rate = 0.0
        self._answered = 0
        self.begin()

    def begin(self) -> None:
        """Forget the requests of the last operation; the next one may find a shorter way."""
        self._in_flight: deque[_Sent] = deque()
        self._patience = 1
        self._first_of_operation = True

    @property
    def due(self) -> float:
        """When the oldest request in flight is late; infinity while there is no measure."""
        if self._mean is None or not self._in_flight:
            return float("inf")
        usual = self._mean + max(_SPREADS * self._spread, _MARGIN)
        return self._in_flight[0].last + min(usual * self._patience, self._longest)

    @property
    def filling(self) -> float:
        """How many requests in flight keep the device busy: what it answers in a round trip
        without queues. 0 while there is no measure.
        """
        return self._rate * self._least

    def sent(self, first: int, stop: int, now: float) -> None:
        """Note that requests were sent, by their places from the oldest in flight on.

        Those that were in flight already were sent again.
        """
        old = len(self._in_flight)
        for place in range(first, min(stop, old)):
            self._in_flight[place].last = now
        for _ in range(old, stop):
            self._in_flight.append(_Sent(now, now, self._answered))

    def gave_up(self) -> None:
        """Note that the oldest in flight was late, and the patience for the next is more."""
        self._patience *= 2

    def answered(self, place: int, done: int, now: float) -> None:
        """Note a reply to the request at a place; with it the `done` oldest are all answered."""
        self._answered += 1
        self._measure(self._in_flight[place], now)
        for _ in range(done):
            self._in_flight.popleft()

    def _measure(self, request: _Sent, now: float) -> None:
        self._patience = 1
        trip = now - request.last
        if request.last == request.first:
            self._least = trip if self._first_of_operation else min(self._least, trip)
            self._first_of_operation = False
            if trip > 0:
                rate = (self._answered - request.answered) / trip
                self._rate += _GAIN_OF_MEAN * (rate - self._rate) if self._rate else rate
        elif trip < self._least / 2:
            trip = now - request.first
        if self._mean is None:
            self._mean, self._spread = trip, trip / 2
        else:
            self._spread += _GAIN_OF_SPREAD * (abs(trip - self._mean) - self._spread)
            self._mean += _GAIN_OF_MEAN * (trip - self._mean)
