"""What a process did to a disk, call by call, and what it promised in between."""

from dataclasses import dataclass
from typing import Any

from tests.campaigns.crash.disk import Change, Disk, File, Folder

__all__ = ["Note", "Step", "Touch"]


@dataclass(frozen=True)
class Note:
    """What the product has said or promised by now: a word, and about what."""

    word: str
    about: Any


@dataclass(frozen=True)
class Touch:
    """One call that changes the disk, to be repeated on a copy of it.

    Parameters
    ----------
    what : str
        Key of the function that does it.
    node : int
        The file or folder.
    change : object
        What that function takes.
    """

    what: str
    node: int
    change: Any = None

    def apply(self, disk: Disk) -> None:
        """Do it to a disk that stands where the one stood on which it was done."""
        node = disk.nodes[self.node]
        if self.what == "make":
            name, mode = self.change
            disk.make(self.node, name, Folder() if mode is None else File(mode))
        elif self.what == "sync":
            node.sync()
        elif isinstance(node, Folder):
            assert self.what == "name"
            node.change(self.change)
        elif self.what == "write":
            node.change(Change(*self.change))
        elif self.what == "mode":
            node.mode = self.change
        else:
            assert self.what == "sync failed"
            node.sync_failed()


Step = Note | Touch
