"""Calls of the real driver over a hostile wire to gateware at its pins."""

import random

from tests.campaigns.fire.datagrams.campaign import DatagramCampaign
from tests.campaigns.fire.frames.board import Board
from tests.campaigns.fire.frames.hostile_wire import HostileWire

__all__ = ["FrameCampaign", "wire"]


def wire(choose: random.Random, timeout: float) -> tuple[HostileWire, Board]:
    """Return a hostile wire, and the device at its end."""
    board = Board(choose)
    return HostileWire(board, choose, timeout), board


class FrameCampaign(DatagramCampaign):
    """Calls until so many faults were injected; see `DatagramCampaign`."""

    def _compare_device(self) -> None:
        """Ask for the device's counters; where frames found no room, it counts from zero then."""
        super()._compare_device()
        if self._network.ledger.full:  # type: ignore[attr-defined]
            self._end.reset()
