"""What a disk may hold after a crash: any subset of what was not synced.

A write that was not synced may be there in any sectors of it, and in whatever order; of the last of
several, any first bytes. The size may be there without the data, which then reads as zeros. Of the
names of a folder, any subset of the changes may be there, each as a whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from tests.campaigns.crash.disk import ROOT, Change, Disk, File, Folder, Kept, Tree, named

__all__ = ["State", "states"]

SECTOR = 512
_FEW = 4
"""Changes of a folder of which every subset is tried."""


@dataclass(frozen=True)
class State:
    """What is on the disk after a crash.

    Parameters
    ----------
    tree : Tree
    in_order : bool
        Each file holds a first part of what was written, as on a file system that orders data
        before sizes; else, bytes that were never written may be zeros.
    """

    tree: Tree
    in_order: bool


@dataclass(frozen=True)
class _Unit:
    """The part of a change that a sector holds, or a change of the size."""

    place: int
    data: bytes | None
    is_durable: bool


_NOTHING, _SIZE, _WHOLE = range(3)
"""What is there of a unit."""


def states(disk: Disk, rng: Random, drawn: int = 6) -> Iterator[State]:
    """Yield states in which a disk may be after a crash now; some more than once.

    All variants of each file and folder are tried beside the others as they are without, and with,
    all that was not synced; and `drawn` combinations more.
    """
    variants = {number: _variants(node, rng) for number, node in disk.nodes.items()}
    several = [number for number, found in variants.items() if len(found) > 1]
    least = dict.fromkeys(variants, 0)
    most = {number: len(found) - 1 for number, found in variants.items()}
    yield _state(disk, variants, least)
    yield _state(disk, variants, most)
    for number in several:
        for others in (least, most):
            for choice in range(len(variants[number])):
                yield _state(disk, variants, {**others, number: choice})
    for _ in range(drawn if len(several) > 1 else 0):
        picked = {number: rng.randrange(len(variants[number])) for number in several}
        yield _state(disk, variants, {**least, **picked})


_Variant = tuple[bytes, bool] | dict[str, int]


def _state(disk: Disk, variants: dict[int, list[_Variant]], choice: dict[int, int]) -> State:
    tree: Tree = {}
    in_order = True
    waiting = [("", ROOT)]
    while waiting:
        path, number = waiting.pop()
        names = variants[number][choice[number]]
        assert isinstance(names, dict)
        for name, child in names.items():
            node, found = disk.nodes[child], variants[child][choice[child]]
            if isinstance(node, Folder):
                tree[path + name] = None
                waiting.append((f"{path}{name}/", child))
            else:
                assert isinstance(found, tuple)
                tree[path + name] = found[0], node.mode
                in_order &= found[1]
    return State(tree, in_order)


def _variants(node: File | Folder, rng: Random) -> list[_Variant]:
    """Return what may be there of a file or folder: first the least, last the most."""
    if isinstance(node, Folder):
        return [*_name_variants(node, rng)]
    found: dict[bytes, bool] = {}
    for content, in_order in _contents(node, rng):
        found[content] = found.get(content, False) or in_order
    # What a reader sees now comes last.
    now = bytes(node.now)
    found[now] = found.pop(now)
    return [*found.items()]


def _name_variants(folder: Folder, rng: Random) -> list[dict[str, int]]:
    changes = folder.changes
    count = len(changes)
    if count <= _FEW:
        chosen = [[bool(bits >> k & 1) for k in range(count)] for bits in range(1 << count)]
    else:
        chosen = [[k < first for k in range(count)] for first in range(count)]
        chosen += [[k != one for k in range(count)] for one in range(count)]
        chosen += [[rng.random() < 0.5 for _ in range(count)] for _ in range(_FEW)]
        chosen += [[True] * count]
    found = []
    for picked in chosen:
        names = dict(folder.base)
        for change, is_there in zip(changes, picked, strict=True):
            if is_there:
                named(names, change)
        found.append(names)
    return found


def _contents(file: File, rng: Random) -> Iterator[tuple[bytes, bool]]:
    """Yield contents that a file may have, and whether in order; the least first."""
    units = [unit for change in file.changes for unit in _units(change)]
    free = [number for number, unit in enumerate(units) if not unit.is_durable]
    durable = [_WHOLE if unit.is_durable else _NOTHING for unit in units]

    def content(there: dict[int, int], cut: dict[int, int] | None = None) -> bytes:
        return _built(file.base, units, [there.get(k, durable[k]) for k in range(len(units))], cut)

    whole = dict.fromkeys(free, _WHOLE)
    for count in range(len(free) + 1):
        before = dict.fromkeys(free[:count], _WHOLE)
        yield content(before), True
        if count < len(free):
            sizes = dict.fromkeys(free[count:], _SIZE)
            yield content(sizes | before), False
            data = units[free[count]].data
            for size in _torn(len(data or b""), rng):
                yield content({**before, free[count]: _WHOLE}, {free[count]: size}), True
    for one in free:
        yield content({**whole, one: _SIZE}), False
        yield content({**whole, one: _NOTHING}), False
        yield content({one: _WHOLE}), False
    for _ in range(3 if len(free) > 2 else 0):
        yield content({one: rng.randrange(3) for one in free}), False


def _units(change: Change) -> Iterator[_Unit]:
    is_durable = change.kept is Kept.DURABLE
    if change.data is None or is_durable:
        yield _Unit(change.place, change.data, is_durable)
        return
    first, end = change.place, change.place + len(change.data)
    borders = [first, *range((first // SECTOR + 1) * SECTOR, end, SECTOR), end]
    for start, stop in pairwise(borders):
        yield _Unit(start, change.data[start - first : stop - first], False)


def _torn(size: int, rng: Random) -> list[int]:
    """Return how many first bytes of a part may be there: all numbers of a few, some of many."""
    if size <= 24:
        return list(range(1, size))
    return sorted({1, 4, 8, 11, 12, 13, size - 1, *(rng.randrange(1, size) for _ in range(3))})


def _built(
    base: bytes, units: list[_Unit], there: list[int], cut: dict[int, int] | None = None
) -> bytes:
    content = bytearray(base)
    for number, (unit, how) in enumerate(zip(units, there, strict=True)):
        if how == _NOTHING:
            continue
        if unit.data is None:
            del content[unit.place :]
            content.extend(bytes(unit.place - len(content)))
            continue
        data = unit.data[: (cut or {}).get(number)]
        content.extend(
            bytes(max(0, unit.place + (len(data) if how == _SIZE else 0) - len(content)))
        )
        if how == _WHOLE:
            content[unit.place : unit.place + len(data)] = data
    return bytes(content)
