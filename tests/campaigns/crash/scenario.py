"""What a scenario is: a process on a disk that fails, and one that starts after the crash."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from random import Random

from tests.campaigns.crash.disk import Tree
from tests.campaigns.crash.faulty_disk import FaultyDisk
from tests.campaigns.crash.states import State
from tests.campaigns.crash.tally import Tally
from tests.campaigns.crash.trace import Note

__all__ = ["ENDS", "Scenario"]

ENDS = (OSError, KeyboardInterrupt)
"""With what a call of the product may end on a disk that fails, or when Ctrl-C is pressed."""


class Scenario(ABC):
    """One use of the product.

    Parameters
    ----------
    rng : Random
        Draws what is used.
    """

    name: str
    files: frozenset[str]
    """Of the product: between their lines Ctrl-C may come."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng

    def start(self) -> Tree:
        """Return what is on the disk before."""
        return {}

    @abstractmethod
    def live(self, folder: Path, disk: FaultyDisk) -> None:
        """Do what a process does, noting what it says; end as it ends."""

    @abstractmethod
    def check(self, folder: Path, state: State, told: Sequence[Note], tally: Tally) -> None:
        """Start after a crash that has left `state`, laid out in `folder`, and judge."""
