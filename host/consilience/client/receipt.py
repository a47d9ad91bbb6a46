"""What a service acknowledges."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Receipt"]


@dataclass(frozen=True)
class Receipt:
    """Observations that are on the service's disk.

    Parameters
    ----------
    accepted : int
        Counted now.
    duplicates : int
        Counted before, by (agent, run, step); not again.
    too_old : int
        Steps so far behind their run's highest that the service no longer knows whether they came
        before: not counted.
    position : int
        Of the last record in the service's log.
    alarms : tuple of int
        Numbers of the alarms that they raised.
    volatile : bool
        The service keeps nothing on its disk: it was started with --volatile.
    """

    accepted: int = 0
    duplicates: int = 0
    too_old: int = 0
    position: int = 0
    alarms: tuple[int, ...] = field(default=())
    volatile: bool = False

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> "Receipt":
        """Return a receipt from the service's answer."""
        return cls(
            int(answer["accepted"]),
            int(answer["duplicates"]),
            int(answer["too_old"]),
            int(answer["position"]),
            tuple(answer.get("alarms", ())),
            bool(answer.get("volatile", False)),
        )

    def __add__(self, later: "Receipt") -> "Receipt":
        """Return the receipt of both, `later` being the later one."""
        return Receipt(
            self.accepted + later.accepted,
            self.duplicates + later.duplicates,
            self.too_old + later.too_old,
            max(self.position, later.position),
            self.alarms + later.alarms,
            self.volatile or later.volatile,
        )
