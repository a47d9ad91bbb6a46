"""How much evidence can have changed unseen: because changes are rate-limited, it is bounded."""

from dataclasses import dataclass

from consilience.errors import BadInput

__all__ = ["ChangeLimiter", "ShardReading"]

_SECOND_MS = 1_000
_SECOND_NS = 1_000_000_000


@dataclass(frozen=True)
class ShardReading:
    """What a node holds of one shard at the moment of a read.

    Parameters
    ----------
    shard : int
    enrolled : int
        N_s: agents that may speak in this shard, heard from or not.
    changes_per_s : int
        Agents whose evidence the shard lets change in a second (`ChangeLimiter`).
    age_ms : int or None
        Upper bound of the time since the state held was the shard's own, transport included. None:
        never heard from.
    evidence : int
        l_s: sum over the shard's agents of their clipped log-odds, in ulp. 0 if never heard from.
    """

    shard: int
    enrolled: int
    changes_per_s: int
    age_ms: int | None
    evidence: int = 0

    def __post_init__(self) -> None:
        for name in ("enrolled", "changes_per_s", "age_ms"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise BadInput(f"{name} of shard {self.shard} is {value}; it cannot be negative")
        if self.age_ms is None and self.evidence:
            raise BadInput(f"evidence of shard {self.shard} without an age; say how old it is")

    @property
    def unseen(self) -> int:
        """u_s: agents whose evidence may differ from what is held.

        ``min(enrolled, ceil(changes_per_s * age))``; all enrolled if never heard from.
        """
        if self.age_ms is None:
            return self.enrolled
        return min(self.enrolled, -(-self.changes_per_s * self.age_ms // _SECOND_MS))


class ChangeLimiter:
    """Lets an agent's evidence change at most so often that `ShardReading.unseen` holds.

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
