"""A copy of the checkout in which a file can be changed for the time of a test run."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["ROOT", "SOURCES", "Scratch"]

ROOT = Path(__file__).parents[3]
"""The checkout."""

SOURCES = ("hw", "sim", "host")
"""Folders from which modules are imported, in this order."""

COPIED = (*SOURCES, "tests", "examples", "docs", "pyproject.toml", "Makefile", "README.md")


class Scratch:
    """A copy of the sources and tests; what it had before is replaced.

    Parameters
    ----------
    root : Path
        Where to put it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        ignore = shutil.ignore_patterns("__pycache__", ".*_cache", ".hypothesis")
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, root / name, ignore=ignore)
            else:
                shutil.copy2(source, root / name)

    @contextmanager
    def changed(self, path: str, text: str) -> Iterator[None]:
        """Let a file have another text while the context lasts."""
        file = self.root / path
        original = file.with_name(file.name + ".original")
        # Renamed, not written again: what is cached by the time of its change stays good.
        file.rename(original)
        try:
            file.write_text(text)
            yield
        finally:
            original.replace(file)
