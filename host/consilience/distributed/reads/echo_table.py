"""Echo table: the latest times received from other nodes, to be echoed to them."""

import numpy as np

__all__ = ["EchoTable"]

_ECHO = np.dtype([("incarnation", "<u8"), ("elapsed", "<u8"), ("held", "<u4")])
_LONGEST_HELD = (1 << 32) - 1
_US_NS = 1_000


class EchoTable:
    """The latest elapsed time received from each node, and when it was received.

    Not thread-safe: its node holds a lock.

    Parameters
    ----------
    shards : int

    Attributes
    ----------
    incarnations : int
        Incarnations of nodes that were heard for the first time.
    """

    def __init__(self, shards: int) -> None:
        # Lists: a time is kept far more often than all are echoed.
        self._latest = [(0, 0)] * shards
        self._heard_ns = [0] * shards
        self.incarnations = 0

    def remember(self, shard: int, incarnation: int, elapsed_ns: int, now_ns: int) -> None:
        """Keep a time unless a later one is known; `now_ns` is the hearer's own."""
        latest = self._latest[shard - 1]
        self.incarnations += incarnation > latest[0]
        if (incarnation, elapsed_ns) > latest:
            self._latest[shard - 1] = incarnation, elapsed_ns
            self._heard_ns[shard - 1] = now_ns

    def echoes(self, now_ns: int) -> bytes:
        """Return the echoes for `pack_dated_state`; held times are rounded down and capped."""
        echoes = np.zeros(len(self._latest), _ECHO)
        latest = np.array(self._latest, np.uint64)
        echoes["incarnation"], echoes["elapsed"] = latest[:, 0], latest[:, 1]
        held = (now_ns - np.array(self._heard_ns)) // _US_NS
        echoes["held"] = np.clip(held, 0, _LONGEST_HELD)
        return echoes.tobytes()
