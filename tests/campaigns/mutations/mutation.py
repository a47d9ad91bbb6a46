"""What a planted fault is: a change of one file, and the test that must notice it."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Mutation"]


@dataclass(frozen=True)
class Mutation:
    """A fault to be planted.

    Parameters
    ----------
    name : str
        What is wrong then, in one line; unique.
    path : str
        File, from the root of the checkout.
    old, new : str
        Text that occurs exactly once in the file, and what takes its place.
    catcher : str
        Node id of the test that must fail.
    """

    name: str
    path: str
    old: str
    new: str
    catcher: str

    def mutated(self, root: Path) -> str:
        """Return the file's text with the fault; ValueError if its place is not exactly one."""
        text = (root / self.path).read_text()
        places = text.count(self.old)
        if places != 1:
            raise ValueError(f"{self.name}: its text occurs {places} times in {self.path}")
        return text.replace(self.old, self.new)
