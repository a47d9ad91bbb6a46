"""What a backup says of itself: of which moment it is, and what its files must be."""

import hashlib
import json
import re
from pathlib import Path
from typing import NamedTuple, Self

from consilience.errors import BadInput

__all__ = ["MANIFEST", "Manifest", "is_name"]

MANIFEST = "backup.json"
"""Written last: a folder without it is no backup."""

FORMAT = 1
_NAMES = re.compile(
    r"log/\d{20}\.log|snapshots/\d{20}\.snapshot|(service|history|alerts|access)\.db"
    r"|changes\.jsonl|seed|deployment|audit\.key|audit/checkpoint"
    r"|audit/tile/(entries|\d)/(x\d{3}/)*\d{3}(\.p/\d{1,3})?"
)


def is_name(name: str) -> bool:
    """Return whether a backup may have a file of this name."""
    return _NAMES.fullmatch(name) is not None


class Manifest(NamedTuple):
    """The facts of a backup.

    Parameters
    ----------
    deployment : str
    position : int
        Of the last record of the log in it.
    made_ms : int
        ms UTC.
    files : dict of str to (int, str)
        Bytes and SHA-256 of each file, by its place in the folder.
    """

    deployment: str
    position: int
    made_ms: int
    files: dict[str, tuple[int, str]]

    def __bytes__(self) -> bytes:
        """A line of JSON, and a line with its SHA-256."""
        line = json.dumps({"format": FORMAT, **self._asdict()}, sort_keys=True).encode()
        return line + b"\n" + hashlib.sha256(line).hexdigest().encode() + b"\n"

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return that of a backup; BadInput if it is none, damaged, or of another format."""
        path = folder / MANIFEST
        try:
            line, check, rest = path.read_bytes().split(b"\n")
        except (FileNotFoundError, NotADirectoryError):
            raise BadInput(
                f"{folder}: is no backup, or one that did not end: it has no {MANIFEST}; name a "
                "folder that `consilience service backup` made"
            ) from None
        except ValueError:
            raise _damaged(path) from None
        if rest or hashlib.sha256(line).hexdigest().encode() != check:
            raise _damaged(path)
        try:
            facts = json.loads(line)
            if facts.pop("format") != FORMAT:
                raise BadInput(
                    f"{folder}: is a backup of another format than {FORMAT}, the one this program "
                    "reads; use the version of consilience that made it, or a later one"
                )
            files = {name: (int(size), str(one)) for name, (size, one) in facts["files"].items()}
            made = cls(**{**facts, "files": files})
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            if isinstance(error, BadInput):
                raise
            raise _damaged(path) from None
        if not all(map(is_name, files)):
            raise _damaged(path)
        return made


def _damaged(path: Path) -> BadInput:
    return BadInput(f"{path}: is damaged; take another backup")
