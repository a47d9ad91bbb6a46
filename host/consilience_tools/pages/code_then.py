"""What of a page's code has changed since the page was made: from the commit that it names."""

import io
import subprocess
import tarfile
import tempfile
from pathlib import Path

from consilience_tools.pages.stamp import ROOT, Origin, Stamp

__all__ = ["changed_files", "confirmed"]


def changed_files(made: Stamp, origin: Origin, root: Path = ROOT) -> list[str] | None:
    """Return the files of a page's code, as it is listed now, that differ from those of its commit.

    Comments, docstrings and empty lines do not count. None where git has no such commit, or the
    page was made in a tree that differed from it.
    """
    then = _files_then(made, origin, root)
    if then is None:
        return None
    now = origin.files(root)
    return sorted(path for path in now.keys() | then.keys() if now.get(path) != then.get(path))


def confirmed(text: str, made: Stamp, origin: Origin, root: Path = ROOT) -> str:
    """Return a page with the digest of its code now, if that was its code when it was made.

    It was not if any file that is listed now has changed since. So a page is confirmed whose list
    has lost files that it does not speak of, and no other.
    """
    if changed_files(made, origin, root) != []:
        return text
    return text.replace(f"of code {made.code}.", f"of code {origin.digest(root)}.", 1)


def _files_then(made: Stamp, origin: Origin, root: Path) -> dict[str, str] | None:
    try:
        there = [path for path in origin.code if _git(root, "ls-tree", made.commit, "--", path)]
        packed = _git(root, "archive", made.commit, "--", *there) if there else b""
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None
    if not packed:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            # The argument `filter` is known from Python 3.11.4 on.
            archive.extraction_filter = getattr(tarfile, "data_filter", None)
            archive.extractall(folder)
        return Origin(origin.command, tuple(there), origin.without).files(Path(folder))


def _git(root: Path, *words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=root, capture_output=True, check=True).stdout
