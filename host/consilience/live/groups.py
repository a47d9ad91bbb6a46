"""Many live sums in a hierarchy: groups, regions of groups, and all of them."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from consilience.errors import BadInput
from consilience.exact.log_sum import LogSum
from consilience.turns import in_turn
from consilience_hw.spec.log_format import Q16_16, LogFormat

__all__ = ["GroupTree", "Moved"]

Name = Hashable
Path = tuple[Name, ...]


class Moved(NamedTuple):
    """How much one node has moved the sum over all since the mark.

    Parameters
    ----------
    path : tuple
        Names from below the root to the node.
    before, now : int
        The node's own log sum, at the mark and now.
    without : int
        The sum over all as it would be now, had this node alone stayed as it was at the mark.
    shift : int
        The sum over all now, less `without`, in ulp; codes that are the log of zero count as they
        are.
    """

    path: Path
    before: int
    now: int
    without: int
    shift: int


@dataclass
class _Node:
    """A node's exact state now, and at the mark unless nothing has changed since."""

    state: LogSum
    marked: LogSum | None = None
    children: "dict[Name, _Node]" = field(default_factory=dict)

    @property
    def before(self) -> LogSum:
        return self.state if self.marked is None else self.marked

    def mark(self) -> None:
        self.marked = None
        for child in self.children.values():
            child.mark()


class GroupTree:
    """Exact live sums of groups, and of every node above them, each always the merge of its parts.

    A group is a path of names, like ``("eu", "fleet 7")``; all groups lie equally deep. A change of
    a code is made in the group and in all nodes above, so every node can be read at any time, in a
    time that does not depend on how many codes or groups there are. What is taken out must be in
    the group, and the caller remembers the codes (`live.Live` for agents).

    `mark` remembers the state of everything; `drill_down` then tells which nodes have moved the sum
    over all since.

    Threads that share it take turns, call by call. Memory: some kilobytes a node.

    Parameters
    ----------
    depth : int
        Names in a group's path, 1 or more.
    fmt : LogFormat
        Number format.
    """

    _turns: ClassVar = RLock()
    """Of all trees: a lock of its own could not be copied with a tree."""

    def __init__(self, depth: int = 2, fmt: LogFormat = Q16_16) -> None:
        if depth < 1:
            raise BadInput(f"depth must be 1 or more, not {depth}")
        self._depth = depth
        self._fmt = fmt
        self._root = _Node(LogSum(fmt))

    @classmethod
    def of(cls, groups: Mapping[Path, ArrayLike], fmt: LogFormat = Q16_16) -> "GroupTree":
        """Return the tree of groups with their codes; BadInput if paths differ in length."""
        depths = {len(path) for path in groups}
        if len(depths) != 1:
            raise BadInput(f"paths must have one length, not {sorted(depths)}")
        tree = cls(depths.pop(), fmt)
        for path, codes in groups.items():
            tree.add(path, codes)
        return tree

    def add(self, path: Sequence[Name], codes: ArrayLike) -> None:
        """Add codes to a group, which need not be there yet."""
        self.change(path, np.empty(0, np.int32), codes)

    def remove(self, path: Sequence[Name], codes: ArrayLike) -> None:
        """Take codes out of a group; raises as `change` does."""
        self.change(path, codes, np.empty(0, np.int32))

    @in_turn
    def change(self, path: Sequence[Name], old: ArrayLike, new: ArrayLike) -> None:
        """Replace codes of a group: `old` go out, `new` come in.

        Raises
        ------
        BadInput
            The path is no group's.
        ImpossibleState
            What is left in the group, or in a node above, is a state of no multiset: `old` was not
            in it. Nothing changed.
        CapacityExceeded
            A node would hold more than 2**32 codes.
        """
        way, fresh = self._way(path)
        leaving, entering = LogSum.of(old, self._fmt), LogSum.of(new, self._fmt)
        # All states first: one that is refused leaves nothing half done.
        changed = [node.state.copy().merge(entering) for node in way]
        if leaving.count or leaving.zeros:
            for state in changed:
                state.take_out(leaving)
        for parent, name, child in fresh:
            parent.children[name] = child
        for node, state in zip(way, changed, strict=True):
            if node.marked is None:
                node.marked = node.state
            node.state = state

    @in_turn
    def state(self, path: Sequence[Name] = ()) -> LogSum:
        """Return a node's exact state (a copy); of the whole tree without a path."""
        return self._node(path).state.copy()

    @in_turn
    def code(self, path: Sequence[Name] = ()) -> int:
        """Return a node's log sum."""
        return self._node(path).state.code

    @in_turn
    def children(self, path: Sequence[Name] = ()) -> list[Name]:
        """Return the names below a node, in the order in which they came."""
        return list(self._node(path).children)

    @in_turn
    def mark(self) -> None:
        """Remember everything as it is: `drill_down` compares with it."""
        self._root.mark()

    @in_turn
    def drill_down(self, least: int = 1, most: int = 10) -> list[Moved]:
        """Return the groups that have moved the sum over all the most since the mark.

        Level by level: below a node that has moved it by `least` ulp or more, its children are
        looked at; what has not changed is passed over, and so is a node in which changes have
        cancelled. Exact: each answer takes the change of one node back out of the whole.

        Parameters
        ----------
        least : int
            Smallest shift, in ulp (2**-16 bit), up or down, that counts.
        most : int
            Groups to return.

        Returns
        -------
        list of Moved
            The largest shift first.
        """
        level: list[tuple[Path, _Node]] = [((), self._root)]
        found: list[Moved] = []
        for _ in range(self._depth):
            below = [
                ((*path, name), child)
                for path, node in level
                for name, child in node.children.items()
                if child.marked is not None
            ]
            looked = [(self._moved(path, node), path, node) for path, node in below]
            kept = [entry for entry in looked if abs(entry[0].shift) >= least]
            found = [moved for moved, _, _ in kept]
            level = [(path, node) for _, path, node in kept]
        found.sort(key=lambda moved: -abs(moved.shift))
        return found[:most]

    def _moved(self, path: Path, node: _Node) -> Moved:
        root = self._root.state
        without = root.copy().merge(node.before).take_out(node.state)
        return Moved(
            path, node.before.code, node.state.code, without.code, root.code - without.code
        )

    def _way(self, path: Sequence[Name]) -> tuple[list[_Node], list[tuple[_Node, Name, _Node]]]:
        """Return the nodes from the root to a group; and which of them are new, and where."""
        if len(path) != self._depth or isinstance(path, str):
            raise BadInput(f"a group's path has {self._depth} names, not {path!r}")
        way, fresh = [self._root], []
        for name in path:
            child = way[-1].children.get(name)
            if child is None:
                child = _Node(LogSum(self._fmt))
                fresh.append((way[-1], name, child))
            way.append(child)
        return way, fresh

    def _node(self, path: Sequence[Name]) -> _Node:
        node = self._root
        for name in path:
            if name not in node.children:
                raise BadInput(f"{path!r}: no such group")
            node = node.children[name]
        return node
