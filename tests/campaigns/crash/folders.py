"""Trees as folders: laid out for the product to find, and read back."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.campaigns.crash.disk import Tree

__all__ = ["laid_out", "tree_of"]

MEMORY = Path("/dev/shm")
"""Where files cost nothing, if there is such a place: nothing here outlives a process."""


@contextmanager
def laid_out(tree: Tree) -> Iterator[Path]:
    """Give a new folder that holds a tree, for the time of the context."""
    base = MEMORY if os.access(MEMORY, os.W_OK) else None
    folder = os.path.realpath(tempfile.mkdtemp(prefix="crash-", dir=base))
    try:
        for path in sorted(tree):
            found = tree[path]
            if found is None:
                os.mkdir(f"{folder}/{path}", 0o700)  # noqa: PTH102  (a tenth of the time)
                continue
            content, mode = found
            file = os.open(f"{folder}/{path}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(file, content)
            os.fchmod(file, mode)
            os.close(file)
        yield Path(folder)
    finally:
        shutil.rmtree(folder)


def tree_of(folder: Path) -> Tree:
    """Return what a folder holds."""
    tree: Tree = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        is_folder = path.is_dir()
        tree[name] = None if is_folder else (path.read_bytes(), path.stat().st_mode & 0o7777)
    return tree
