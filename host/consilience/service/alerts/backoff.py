"""How long a target is left alone after it did not take something, and when it is given up."""

import random
from dataclasses import dataclass

__all__ = ["Backoff"]


@dataclass(frozen=True)
class Backoff:
    """Doubling waits with jitter.

    Parameters
    ----------
    first_ms, most_ms : int
        The wait after the first failure, and the longest.
    give_up_ms : int
        What a target has not taken for so long is not told to it any more.
    trying_ms : int
        But a target is given this long to answer, however old what waits is: the service itself
        may have been away.
    """

    first_ms: int = 1_000
    most_ms: int = 300_000
    give_up_ms: int = 24 * 3_600_000
    trying_ms: int = 600_000

    def wait_ms(self, failures: int, choose: random.Random) -> int:
        """Return the wait after so many failures in a row: from half of the doubled to all of it.

        Jitter, so that services that lost a receiver together do not come back together.
        """
        longest = min(self.most_ms, self.first_ms << min(max(failures, 1) - 1, 30))
        return choose.randint(longest // 2, longest)
