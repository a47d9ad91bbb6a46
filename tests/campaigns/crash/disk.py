"""A model of a disk: what a file system shows, and what of it would be there after a crash.

Every file and folder holds what it shows now, and the changes that have not been synced. Syncing a
file makes its content durable, not its name; syncing a folder makes the names in it durable. After
a sync that failed, the system takes what it could not write for written: a later sync that succeeds
says nothing about it (Linux; Rebello et al., *Can applications recover from fsync failures?*, 2020)
"""

from copy import deepcopy
from dataclasses import dataclass, field
from enum import Enum

__all__ = ["ROOT", "Change", "Disk", "File", "Folder", "Kept", "Naming", "Tree"]

ROOT = 0
"""Number of the folder that is there from the start."""

Tree = dict[str, tuple[bytes, int] | None]
"""Path below the root: content and mode of a file; None for a folder."""


class Kept(Enum):
    """How safe a change of a file is."""

    DIRTY = "dirty"
    """The next sync brings it to the disk."""
    LOST = "lost"
    """A sync of it failed: no later one brings it, and it may be there or not."""
    DURABLE = "durable"


@dataclass
class Change:
    """A write (`data` at `place`), or a new size (`data` is None)."""

    place: int
    data: bytes | None
    kept: Kept = Kept.DIRTY

    def apply(self, content: bytearray) -> None:
        """Change the content of a file."""
        if self.data is None:
            del content[self.place :]
            content.extend(bytes(self.place - len(content)))
            return
        content.extend(bytes(max(0, self.place - len(content))))
        content[self.place : self.place + len(self.data)] = self.data


@dataclass
class File:
    """A file.

    Parameters
    ----------
    mode : int
        Permissions.
    base : bytes
        Its durable content, on which `changes` come.
    changes : list of Change
        In order; not all of them need be durable.
    now : bytearray
        What a reader sees.
    """

    mode: int
    base: bytes = b""
    changes: list[Change] = field(default_factory=list)
    now: bytearray = field(default_factory=bytearray)

    def change(self, change: Change) -> None:
        """Take a change."""
        change.apply(self.now)
        self.changes.append(change)

    def sync(self) -> None:
        """Make durable all that can be; forget what can make no difference any more."""
        for change in self.changes:
            if change.kept is Kept.DIRTY:
                change.kept = Kept.DURABLE
        self._fold()

    def sync_failed(self) -> None:
        """Lose what was written and not synced. Sizes are the journal's, and stay to be synced."""
        for change in self.changes:
            if change.kept is Kept.DIRTY and change.data is not None:
                change.kept = Kept.LOST

    def _fold(self) -> None:
        content = bytearray(self.base)
        while self.changes and self.changes[0].kept is Kept.DURABLE:
            self.changes.pop(0).apply(content)
        self.base = bytes(content)
        # What was lost where the file ended later can be there no more.
        for number, cut in enumerate(self.changes):
            if cut.data is None and cut.kept is Kept.DURABLE:
                earlier = self.changes[:number]
                gone = [one for one in earlier if one.kept is Kept.LOST and one.place >= cut.place]
                if gone and len(gone) == len(earlier):
                    del self.changes[:number]
                    return self._fold()
        return None


Naming = tuple[tuple[str, int | None], ...]
"""One change of a folder: names, and what they name from then on. It happens as a whole."""


@dataclass
class Folder:
    """A folder: its durable names, the changes that are not synced, and what a reader sees."""

    base: dict[str, int] = field(default_factory=dict)
    changes: list[Naming] = field(default_factory=list)
    now: dict[str, int] = field(default_factory=dict)

    def change(self, change: Naming) -> None:
        """Take a change."""
        named(self.now, change)
        self.changes.append(change)

    def sync(self) -> None:
        """Make all names durable."""
        self.base, self.changes = dict(self.now), []


def named(names: dict[str, int], change: Naming) -> None:
    """Change the names of a folder."""
    for name, node in change:
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node


class Disk:
    """All files and folders, by number. Empty at first, but for the root."""

    def __init__(self) -> None:
        self.nodes: dict[int, File | Folder] = {ROOT: Folder()}

    def copy(self) -> "Disk":
        """Return an independent disk that is equal."""
        return deepcopy(self)

    def file(self, node: int) -> File:
        """Return the file of a number."""
        found = self.nodes[node]
        assert isinstance(found, File)
        return found

    def folder(self, node: int) -> Folder:
        """Return the folder of a number."""
        found = self.nodes[node]
        assert isinstance(found, Folder)
        return found

    def make(self, folder: int, name: str, node: File | Folder) -> int:
        """Put a new file or folder under a name; return its number."""
        number = len(self.nodes)
        self.nodes[number] = node
        self.folder(folder).change(((name, number),))
        return number

    def find(self, parts: tuple[str, ...]) -> int | None:
        """Return the number of what has a path, as a reader sees it; None if nothing has."""
        node = ROOT
        for part in parts:
            here = self.nodes[node]
            if not isinstance(here, Folder) or part not in here.now:
                return None
            node = here.now[part]
        return node

    def tree(self) -> Tree:
        """Return what a reader sees."""
        tree: Tree = {}
        waiting = [("", ROOT)]
        while waiting:
            path, number = waiting.pop()
            for name, child in self.folder(number).now.items():
                node = self.nodes[child]
                if isinstance(node, File):
                    tree[path + name] = bytes(node.now), node.mode
                else:
                    tree[path + name] = None
                    waiting.append((f"{path}{name}/", child))
        return tree

    @classmethod
    def holding(cls, tree: Tree) -> "Disk":
        """Return a disk on which all of a tree is durable."""
        disk = cls()
        numbers = {"": ROOT}
        for path in sorted(tree):
            above, _, name = path.rpartition("/")
            found = tree[path]
            node = Folder() if found is None else File(found[1], found[0], [], bytearray(found[0]))
            folder = disk.folder(numbers[above])
            numbers[path] = disk.make(numbers[above], name, node)
            folder.sync()
        return disk
