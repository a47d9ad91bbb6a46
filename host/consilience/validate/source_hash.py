"""Hashes of the program's own files: which code it was that said what it said."""

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

__all__ = ["PACKAGES", "package_files", "sources_digest"]

PACKAGES = ("consilience_hw", "consilience_sim", "consilience", "consilience_tools")
_LEFT_OUT = {"__pycache__"}


def package_files() -> dict[str, Path]:
    """Return all files of the installed packages, by package and path within it, sorted."""
    found: dict[str, Path] = {}
    for name in PACKAGES:
        spec = find_spec(name)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            root = Path(folder)
            for path in root.rglob("*"):
                if path.is_file() and not _LEFT_OUT & set(path.parts) and path.suffix != ".pyc":
                    found[f"{name}/{path.relative_to(root).as_posix()}"] = path
    return dict(sorted(found.items()))


@cache
def sources_digest() -> str:
    """Return one SHA-256, in hex, of the names and contents of `package_files`."""
    whole = hashlib.sha256()
    for name, path in package_files().items():
        whole.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()
