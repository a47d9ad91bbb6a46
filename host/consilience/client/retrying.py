"""When a request is made again, and how long after."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from consilience.errors import BadInput

__all__ = ["Retrying"]

_LONGEST_ASKED_S = 300.0


@dataclass(frozen=True)
class Retrying:
    """Waits that double, each shortened by chance so that clients do not come back together.

    Parameters
    ----------
    tries : int
        In all, the first among them.
    first_s, most_s : float
        Longest wait after the first failure, and after any. A service that says ``Retry-After``
        is waited for as long as it says, at most five minutes.

    Raises
    ------
    BadInput
    """

    tries: int = 6
    first_s: float = 0.2
    most_s: float = 10.0

    def __post_init__(self) -> None:
        if self.tries < 1 or not 0 <= self.first_s <= self.most_s:
            raise BadInput("retrying needs tries >= 1 and 0 <= first_s <= most_s")

    def wait_s(self, failures: int, headers: Mapping[str, str] | None = None) -> float:
        """Return how long to wait after so many failures; headers of the last answer, if any."""
        asked = (headers or {}).get("retry-after", "")
        if asked.isascii() and asked.isdigit():
            return min(float(asked), _LONGEST_ASKED_S)
        longest = min(self.most_s, self.first_s * 2.0 ** min(failures - 1, 60))
        return longest * random.uniform(0.5, 1.0)
