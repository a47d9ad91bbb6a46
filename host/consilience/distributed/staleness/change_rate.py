"""The rate limit of changes, which bounds how much evidence can have changed unseen."""

from consilience.errors import BadInput

__all__ = ["ChangeLimiter"]

_SECOND_NS = 1_000_000_000


class ChangeLimiter:
    """Lets agents' evidence change at a bounded rate, so that `ShardArrays.unseen` holds.

    Two changes are at least ``1 / changes_per_s`` apart, without credit for idle time: a window of
    length t, without its start, then has at most ``ceil(changes_per_s * t)`` of them. A bucket of
    more than one token would have more.

    Parameters
    ----------
    changes_per_s : int
        At least 1.
    """

    def __init__(self, changes_per_s: int) -> None:
        if changes_per_s < 1:
            raise BadInput(f"changes_per_s must be at least 1, not {changes_per_s}")
        self._distance_ns = -(-_SECOND_NS // changes_per_s)
        self._next_ns: int | None = None

    def allows(self, now_ns: int) -> bool:
        """Return whether a change may happen now, on a monotonic clock; if so, it counts."""
        if self._next_ns is not None and now_ns < self._next_ns:
            return False
        self._next_ns = now_ns + self._distance_ns
        return True

    def wait_ns(self, now_ns: int) -> int:
        """Return how long after `now_ns` the next change may happen; 0 if it may now."""
        return 0 if self._next_ns is None else max(0, self._next_ns - now_ns)
