"""What passed the pins of a device, against what its STATUS tells."""

from collections import Counter
from collections.abc import Mapping

from tests.campaigns.fire.ledger import Ledger

__all__ = ["FrameLedger"]

_KINDS = {
    "damaged_packets": ("DAMAGED", "RUNT", "OVERSIZE"),
    "other_packets": (
        *("OTHER_STATION", "OTHER_TYPE", "OTHER_ARP", "OTHER_ADDRESS", "OTHER_PROTOCOL"),
        "OTHER_PORT",
    ),
    "bad_packets": (
        *("IP_HEADER", "IP_CHECKSUM", "FRAGMENT", "BAD_SOURCE", "BAD_LENGTH", "BAD_CHECKSUM"),
    ),
}
"""From docs/network.md."""


class FrameLedger(Ledger):
    """Frames dropped by reason, too.

    Parameters
    ----------
    largest_payload : int
        Of the device.

    Attributes
    ----------
    drops : Counter of str
        That the device must have dropped, by reason, without those for want of room.
    full : int
        That it dropped for want of room. Nobody knows which: so of the link only what it tells of
        frames is compared then.
    """

    def __init__(self, largest_payload: int) -> None:
        super().__init__(largest_payload, merges=True)

    def reset(self) -> None:
        """The device forgets and counts from zero."""
        super().reset()
        self.drops: Counter[str] = Counter()
        self.full = 0

    def complaint_of_device(self, counters: Mapping[str, int]) -> str | None:
        """Return what is wrong with the counters that the last reply told, or None."""
        expected = {
            name: sum(self.drops[reason] for reason in reasons) for name, reasons in _KINDS.items()
        } | {"lost_packets": self.full}
        wrong = [
            f"{name} {counters[name]}, not {count}"
            for name, count in expected.items()
            if counters[name] != count
        ]
        if wrong:
            return "; ".join(wrong)
        return None if self.full else super().complaint_of_device(counters)
