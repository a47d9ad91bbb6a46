"""Who is told: what one attempt needs and gives."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from consilience.closing import Closes
from consilience.service.alerts.alert import Alert, Event

__all__ = ["Answer", "Delivery", "Target"]


@dataclass(frozen=True)
class Delivery:
    """An event of an alert on its way to a target.

    Attributes
    ----------
    id : str
        The same at each attempt, and nowhere else: receivers drop what they had.
    again : bool
        The target took it before and is told once more that it is still so.
    """

    id: str
    event: Event
    alert: Alert
    again: bool = False


@dataclass(frozen=True)
class Answer:
    """What came of telling a target of a delivery.

    Parameters
    ----------
    error : str or None
        Why it was not taken, in a line without secrets; None: it was.
    alone : bool
        It is this delivery that the target refuses; others may pass.
    wait_ms : int
        The target asked to be left alone for so long.
    """

    error: str | None = None
    alone: bool = False
    wait_ms: int = 0


class Target(Closes):
    """A receiver of alerts.

    Attributes
    ----------
    name : str
        In tables, metrics and messages; what was told is known by it.
    keeps_states : bool
        It is told what stands, again and again, in place of each event once.
    batch : int
        Deliveries that one attempt takes at the most.
    """

    name: str
    keeps_states = False
    batch = 1

    def repeat_ms(self) -> int:
        """Return how often a target that keeps states is told of them."""
        return 0

    @abstractmethod
    def tell(self, deliveries: Sequence[Delivery]) -> Sequence[Answer]:
        """Tell it; return an answer for each delivery. Failures are answers and not raised."""
