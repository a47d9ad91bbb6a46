"""Why a message of the plane is not taken as one of a member."""

from enum import Enum

from consilience.errors import BadInput

__all__ = ["SIGNED", "Reason", "Refused"]

SIGNED = b"CNPM\1"
"""How every signed message begins."""


class Reason(Enum):
    """The values name counters."""

    STRANGER = "stranger"
    """Not signed, or not by the member that it names."""
    OTHER_DEPLOYMENT = "other deployment"
    OTHER_ROSTER = "other roster"
    """Signed by the member, now or long ago, under another roster: bring the rosters in line."""


class Refused(BadInput):
    """A message that no member of this roster signed for this deployment.

    Parameters
    ----------
    reason : Reason
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"a message was refused: {reason.value}")
        self.reason = reason
