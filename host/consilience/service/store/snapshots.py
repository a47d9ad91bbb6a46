"""Snapshots of a service's state: one file each, whole or not there, versioned."""

import hashlib
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consilience.errors import BadInput
from consilience.evidence.atomic_file import AtomicFile, sync_folder

__all__ = ["VERSION", "Snapshot", "Snapshots"]

_MAGIC = b"CNSS"
VERSION = 2
_HEAD = struct.Struct("<4sI")
_COUNT = struct.Struct("<I")
_PART = struct.Struct("<IQ")
_CHECK = 32
_KEPT = 2
_CURE = "restore the folder from a backup"


@dataclass
class Snapshot:
    """A state.

    Parameters
    ----------
    facts : dict
        As JSON holds them; `position` is that of the last record in it.
    parts : dict of str to bytes
        Canonical bytes.
    """

    facts: dict[str, Any]
    parts: dict[str, bytes]

    def __bytes__(self) -> bytes:
        """Magic, version u32, parts u32; of each the lengths of name u32 and bytes u64, and these;
        SHA-256 of all. The part "facts" is JSON."""
        parts = {"facts": _packed(self.facts), **self.parts}
        found = [_HEAD.pack(_MAGIC, VERSION), _COUNT.pack(len(parts))]
        for name, data in sorted(parts.items()):
            found += _PART.pack(len(name.encode()), len(data)), name.encode(), data
        body = b"".join(found)
        return body + hashlib.sha256(body).digest()

    @classmethod
    def of(cls, data: bytes, path: Path) -> "Snapshot":
        """Return the snapshot of the bytes of a file.

        Raises
        ------
        BadInput
            It is damaged, or of a newer program.
        """
        body, check = data[:-_CHECK], data[-_CHECK:]
        if hashlib.sha256(body).digest() != check or body[:4] != _MAGIC:
            raise BadInput(f"{path}: damaged; {_CURE}")
        _, version = _HEAD.unpack_from(body)
        if version > VERSION:
            raise BadInput(
                f"{path}: of version {version}, this program reads up to {VERSION}; update it"
            )
        (count,) = _COUNT.unpack_from(body, _HEAD.size)
        place, parts = _HEAD.size + _COUNT.size, dict[str, bytes]()
        for _ in range(count):
            named, length = _PART.unpack_from(body, place)
            place += _PART.size
            name = body[place : place + named].decode()
            parts[name] = body[place + named : place + named + length]
            place += named + length
        made = cls(json.loads(parts.pop("facts")), parts)
        for older in range(version, VERSION):
            _MIGRATIONS[older](made)
        return made


def _without_traces(snapshot: Snapshot) -> None:
    """Version 1 knew no traces."""
    snapshot.facts |= {"model": "", "traces": []}
    snapshot.parts["traces"] = b""


_MIGRATIONS: dict[int, Callable[[Snapshot], None]] = {1: _without_traces}
"""Version: what turns a snapshot of it into one of the next."""


class Snapshots:
    """Snapshots by position, ``POSITION.snapshot``; the newest ones are kept.

    Parameters
    ----------
    folder : Path
        Of these alone, there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def newest(self) -> Snapshot | None:
        """Return the newest snapshot; None of none. BadInput if it is damaged."""
        paths = self.paths()
        return Snapshot.of(paths[-1].read_bytes(), paths[-1]) if paths else None

    def paths(self) -> list[Path]:
        """Return the files, the oldest first."""
        return sorted(self._folder.glob("*.snapshot"))

    def stage(self, position: int, data: bytes) -> None:
        """Put a snapshot on the disk that no start reads before `adopt`."""
        path = self._folder / f"{position:020}.staged"
        with AtomicFile(path, overwrite=True, mode=0o600) as file:
            file.file.write(data)
            file.commit()

    def adopt(self) -> None:
        """Let what was staged be the newest snapshot, and remove those that are too old."""
        for path in sorted(self._folder.glob("*.staged")):
            path.replace(path.with_suffix(".snapshot"))
        sync_folder(self._folder)
        for path in self.paths()[:-_KEPT]:
            path.unlink()

    def discard(self) -> None:
        """Remove what was staged and not adopted."""
        for path in self._folder.glob("*.staged"):
            path.unlink()


def _packed(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
