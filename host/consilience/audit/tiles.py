"""A log in a folder, in the form of C2SP tlog-tiles: static files that any web server can serve.

``tile/<L>/<N>`` holds 256 hashes of level 8 L, ``tile/entries/<N>`` the 256 entries below a tile of
level 0, each after its length, big-endian u16. What is not full yet lies in ``<N>.p/<W>``. Source:
https://c2sp.org/tlog-tiles.
"""

import struct
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

from consilience.audit.merkle import (
    HASH_BYTES,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
)
from consilience.errors import BadInput, ImpossibleState
from consilience.evidence.atomic_file import write_file

__all__ = ["ENTRIES", "MOST_ENTRY_BYTES", "WIDTH", "TileLog", "bundle_entries", "tile_path"]

WIDTH = 256
"""Hashes of a full tile, entries of a full bundle."""

ENTRIES = "entries"
"""The level of bundles in a path."""

MOST_ENTRY_BYTES = (1 << 16) - 1

_LEVEL_BITS = 8
_KEPT = 64
"""Full tiles that are kept in memory after they were read."""


def tile_path(level: int | str, index: int, width: int = WIDTH) -> str:
    """Return the path of a tile or bundle below the log's folder.

    Parameters
    ----------
    level : int or str
        L, or `ENTRIES`.
    index : int
        N.
    width : int
        Below 256 of a partial one.
    """
    digits = f"{index:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[place : place + 3] for place in range(0, len(digits), 3)]
    name = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return f"tile/{level}/{name}" + ("" if width == WIDTH else f".p/{width}")


def bundle_entries(data: bytes, path: str) -> list[bytes]:
    """Return the entries of a bundle's bytes; ImpossibleState, with the path, where it is cut."""
    entries: list[bytes] = []
    place = 0
    while place < len(data):
        if place + 2 > len(data):
            raise ImpossibleState(f"{path}: ends within a length, at byte {place}")
        (size,) = struct.unpack_from(">H", data, place)
        place += 2 + size
        if place > len(data):
            raise ImpossibleState(f"{path}: ends within entry {len(entries)}")
        entries.append(data[place - size : place])
    return entries


class TileLog:
    """Entries and the tree above them, growing at the end; one process writes.

    What was appended is in the files after `flush`, and only then. A folder is opened at the size
    of its entries, and the tree above them is worked out again where a crash came between bundles
    and tiles; nothing but the last bundle is read for that.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    durable : bool
        Each file is brought safely to the disk before it has its name. False: for a folder that
        can be made again.

    Raises
    ------
    ImpossibleState
        Bundles or tiles that are cut, missing, or of other entries.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder
        self._durable = durable
        self._kept: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._bundle: list[bytes] = []
        self._full = 0
        self._edges: list[bytearray] = []
        """Of each level the hashes of its last tile, which is not full."""
        self._waiting: dict[str, bytes] = {}
        """Full tiles and bundles that are not yet written, by path."""
        self._partial: dict[int | str, Path] = {}
        """The partial files of before, by level: removed when longer ones are written."""
        self._open()
        self._frontier = Frontier.of(self.size, self.perfect)

    @property
    def size(self) -> int:
        """Number of entries."""
        return self._full * WIDTH + len(self._bundle)

    @property
    def root(self) -> bytes:
        """The root of all entries."""
        return self._frontier.root

    def append(self, entry: bytes) -> int:
        """Add an entry of at most 65,535 bytes; return its index."""
        if len(entry) > MOST_ENTRY_BYTES:
            raise BadInput(
                f"an entry of {len(entry)} bytes; the log takes {MOST_ENTRY_BYTES} at most: "
                "shorten names, or give fewer columns"
            )
        index, leaf = self.size, leaf_hash(entry)
        self._frontier.append(leaf)
        self._bundle.append(entry)
        if len(self._bundle) == WIDTH:
            self._waiting[tile_path(ENTRIES, self._full)] = _packed(self._bundle)
            self._full += 1
            self._bundle = []
        self._add_hash(0, leaf)
        return index

    def extend(self, entries: Iterable[bytes]) -> None:
        """Add entries in order."""
        for entry in entries:
            self.append(entry)

    def flush(self) -> None:
        """Bring all entries and tiles safely into the files: bundles first, then tiles.

        A checkpoint may be signed after that, not before.
        """
        for path in sorted(self._waiting, key=lambda one: not one.startswith(f"tile/{ENTRIES}/")):
            self._write(path, self._waiting[path])
        self._waiting.clear()
        parts: dict[int | str, tuple[str, bytes]] = {}
        if self._bundle:
            path = tile_path(ENTRIES, self._full, len(self._bundle))
            parts[ENTRIES] = path, _packed(self._bundle)
        for level, edge in enumerate(self._edges):
            if edge:
                index = self.size >> _LEVEL_BITS * (level + 1)
                parts[level] = tile_path(level, index, len(edge) // HASH_BYTES), bytes(edge)
        for path, data in parts.values():
            self._write(path, data)
        for kind, before in self._partial.items():
            if kind not in parts or self.folder / parts[kind][0] != before:
                before.unlink(missing_ok=True)
                if not any(before.parent.iterdir()):
                    before.parent.rmdir()
        self._partial = {level: self.folder / path for level, (path, _) in parts.items()}

    def entry(self, index: int) -> bytes:
        """Return an entry; BadInput if there is none."""
        if not 0 <= index < self.size:
            raise BadInput(f"entry {index}: the log has {self.size}")
        bundle, place = divmod(index, WIDTH)
        if bundle == self._full:
            return self._bundle[place]
        path = tile_path(ENTRIES, bundle)
        return bundle_entries(self._waiting.get(path) or self._read(path), path)[place]

    def perfect(self, level: int, index: int) -> bytes:
        """Return the root of the perfect subtree ``index`` of height ``level``; see `merkle`."""
        tiles, rest = divmod(level, _LEVEL_BITS)
        first = index << rest
        hashes = bytes(self._hashes(tiles, first >> _LEVEL_BITS))
        place = first % WIDTH
        row = [
            hashes[at * HASH_BYTES : (at + 1) * HASH_BYTES]
            for at in range(place, place + (1 << rest))
        ]
        while len(row) > 1:
            row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
        return row[0]

    def root_at(self, size: int) -> bytes:
        """Return the root of the first `size` entries, of an earlier checkpoint for example."""
        if not 0 <= size <= self.size:
            raise BadInput(f"a tree of {size} entries: the log has {self.size}")
        return Frontier.of(size, self.perfect).root

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the proof that entry `index` is in the tree of `size`; default: of all."""
        return inclusion_proof(index, self.size if size is None else size, self.perfect)

    def consistency_proof(self, old: int, new: int | None = None) -> list[bytes]:
        """Return the proof that the tree of `old` entries begins that of `new`; default: all."""
        return consistency_proof(old, self.size if new is None else new, self.perfect)

    def _add_hash(self, level: int, value: bytes) -> None:
        """Add a hash to the last tile of a level; a full tile gives one to the level above."""
        while True:
            if level == len(self._edges):
                self._edges.append(bytearray())
            edge = self._edges[level]
            edge += value
            if len(edge) < WIDTH * HASH_BYTES:
                return
            index = (self.size >> _LEVEL_BITS * (level + 1)) - 1
            data = bytes(edge)
            self._waiting[tile_path(level, index)] = data
            edge.clear()
            value, level = _tile_root(data), level + 1

    def _hashes(self, level: int, index: int) -> bytes | bytearray:
        """Return the hashes of a tile, full or the last of its level."""
        if index == self.size >> _LEVEL_BITS * (level + 1):
            return self._edges[level]
        key = level, index
        if key not in self._kept:
            path = tile_path(level, index)
            data = self._waiting.get(path) or self._read(path)
            if len(data) != WIDTH * HASH_BYTES:
                raise ImpossibleState(f"{path}: {len(data)} bytes; a full tile has 8,192")
            self._kept[key] = data
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def _open(self) -> None:
        """Take up the log where its bundles end."""
        while (self.folder / tile_path(ENTRIES, self._full)).is_file():
            step = 1
            while (self.folder / tile_path(ENTRIES, self._full + 2 * step)).is_file():
                step *= 2
            self._full += step
        widths = self._partials(ENTRIES, self._full)
        if widths:
            path = tile_path(ENTRIES, self._full, widths[-1])
            self._bundle = bundle_entries(self._read(path), path)
            if len(self._bundle) != widths[-1]:
                raise ImpossibleState(f"{path}: {len(self._bundle)} entries")
            self._partial[ENTRIES] = self.folder / path
        self._open_tiles()

    def _open_tiles(self) -> None:
        """Work out the tiles that are not full; full ones that a crash kept from the disk, too."""
        level = 0
        while self.size >> _LEVEL_BITS * level:
            full = self.size >> _LEVEL_BITS * (level + 1)
            begun = (self.size >> _LEVEL_BITS * level) % WIDTH
            last = full - 1
            while last >= 0 and not (self.folder / tile_path(level, last)).is_file():
                last -= 1
            for index in range(last + 1, full):
                self._waiting[tile_path(level, index)] = self._again(level, index, WIDTH)
            self._edges.append(bytearray(self._again(level, full, begun)))
            for width in self._partials(level, full):
                self._partial[level] = self.folder / tile_path(level, full, width)
            level += 1

    def _again(self, level: int, index: int, width: int) -> bytes:
        """Return the hashes of a tile, from the entries or the tiles below."""
        if level:
            below = range(index * WIDTH, index * WIDTH + width)
            return b"".join(_tile_root(bytes(self._hashes(level - 1, one))) for one in below)
        if index == self._full:
            return b"".join(map(leaf_hash, self._bundle))
        path = tile_path(ENTRIES, index)
        return b"".join(map(leaf_hash, bundle_entries(self._read(path), path)))

    def _partials(self, level: int | str, index: int) -> list[int]:
        """Return the widths of the partial files of a tile or bundle, ascending."""
        folder = (self.folder / tile_path(level, index, 1)).parent
        if not folder.is_dir():
            return []
        return sorted(int(one.name) for one in folder.iterdir() if one.name.isdecimal())

    def _read(self, path: str) -> bytes:
        try:
            return (self.folder / path).read_bytes()
        except FileNotFoundError:
            raise ImpossibleState(f"{path}: is missing in {self.folder}") from None

    def _write(self, path: str, data: bytes) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if self._durable:
            write_file(target, data)
        else:
            target.write_bytes(data)


def _packed(entries: list[bytes]) -> bytes:
    return b"".join(struct.pack(">H", len(one)) + one for one in entries)


def _tile_root(data: bytes) -> bytes:
    row = [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]
