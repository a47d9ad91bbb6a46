"""When epochs close and rounds end: by the wall clock, the same on all replicas."""

from dataclasses import dataclass

from consilience.errors import BadInput

__all__ = ["Schedule"]


@dataclass(frozen=True)
class Schedule:
    """Moments in ms of the wall clock (Unix time), the same for all replicas of a deployment.

    Slot s begins at ``start_ms + (s + 1) * epoch_ms``; each replica then closes the epoch that is
    open at it. Round r, from 1, ends ``r * round_ms`` after that. An epoch whose closing did not
    come about, as when the network was away, is closed in a later slot.

    Clocks of honest replicas are at most a quarter of a round apart, and a message between them
    takes at most half a round: so the bound of rounds that the protocol needs is kept.

    Parameters
    ----------
    start_ms, epoch_ms, round_ms, rounds : int
        `rounds` are f + 1.
    """

    start_ms: int
    epoch_ms: int
    round_ms: int
    rounds: int

    def __post_init__(self) -> None:
        if self.round_ms < 1 or self.start_ms < 0:
            raise BadInput("a round lasts 1 ms or more, and epochs begin after 1970")
        if self.epoch_ms < self.closing_ms + 2 * self.round_ms:
            raise BadInput(
                f"an epoch of {self.epoch_ms} ms has no room for {self.rounds} rounds of "
                f"{self.round_ms} ms and as many ms for votes and reports; make it at least "
                f"{self.closing_ms + 2 * self.round_ms} ms"
            )

    @property
    def closing_ms(self) -> int:
        """How long a closing takes."""
        return self.rounds * self.round_ms

    def ends_ms(self, slot: int, round_number: int) -> int:
        """Return when a round in a slot ends."""
        return self.start_ms + (slot + 1) * self.epoch_ms + round_number * self.round_ms

    def slot(self, now_ms: int) -> int:
        """Return the last slot that has begun; -1 for none."""
        return max((now_ms - self.start_ms) // self.epoch_ms - 1, -1)
