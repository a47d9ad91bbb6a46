"""How many requests to have in flight on a network that loses some: enough, and no queue."""

__all__ = ["Pacing"]

_ROOM, _MORE = 1.25, 2
"""Beyond what fills a round trip: replies do not come evenly."""


class Pacing:
    """A limit below the credits, from losses on.

    What is in flight beyond a round trip waits in the device's buffers. Where one is lost, the
    device drops all that wait behind it, which takes its time, and their repetitions find no
    buffer. So a loss takes the queue away; what is answered after it gives a request more for each
    window, up to the credits.
    """

    def __init__(self) -> None:
        self._most = float("inf")

    @property
    def most(self) -> float:
        """Requests in flight, infinity if the credits alone limit them."""
        return self._most

    def lost(self, filling: float) -> None:
        """Note a loss; `filling` requests keep the device busy, 0 if nobody knows."""
        if filling:
            self._most = min(self._most, _ROOM * filling + _MORE)

    def answered(self, count: int) -> None:
        """Note so many replies."""
        self._most += count / self._most
