"""Rates: a token bucket for each client, and what counts as one client."""

import contextlib
import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

__all__ = ["Rates", "network_of"]

_MOST_CLIENTS = 10_000


class Rates:
    """Buckets that fill at a rate up to a burst; a request takes one from its client's.

    No more than 10,000 clients are known at a time; the one that was seen longest ago is forgotten
    first, and begins anew with a full bucket.

    Parameters
    ----------
    rate : float
        Requests a second.
    burst : float
        Requests in a full bucket.
    clock : callable
        Gives the time in seconds.
    """

    def __init__(
        self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, client: Hashable) -> float:
        """Take one from a client's bucket: 0, or the seconds to wait if there is none in it."""
        now = self._clock()
        left, seen = self._left.pop(client, (self._burst, now))
        left = min(self._burst, left + (now - seen) * self._rate)
        wait = 0.0 if left >= 1 else (1 - left) / self._rate
        self._left[client] = (left if wait else left - 1, now)
        if len(self._left) > _MOST_CLIENTS:
            self._left.popitem(last=False)
        return wait

    def wait(self, client: Hashable) -> float:
        """Return what `take` would, and take nothing."""
        left, seen = self._left.get(client, (self._burst, 0.0))
        left = min(self._burst, left + (self._clock() - seen) * self._rate)
        return 0.0 if left >= 1 else (1 - left) / self._rate


def network_of(address: str) -> str:
    """Return what is counted as one client: an IPv4 address, or the /64 of an IPv6 address."""
    with contextlib.suppress(ValueError):
        parsed = ipaddress.ip_address(address.partition("%")[0])
        if parsed.version == 6:
            mapped = parsed.ipv4_mapped
            return str(mapped or ipaddress.ip_network((parsed, 64), strict=False))
    return address
