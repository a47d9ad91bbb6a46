"""Of which code a page is: stamped on it when it is made, compared whenever the code is tested.

docs/pages.toml names, for each page that a run writes, the command and the code that the page
speaks of. A digest of this code goes onto the page. Comments and docstrings are no part of it, and
neither is git: it is the same in an archive, a shallow clone and a tree with changes of one's own.
"""

import ast
import hashlib
import io
import re
import subprocess
import sys
import time
import tokenize
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

__all__ = [
    "ROOT",
    "Origin",
    "Stamp",
    "checked_out",
    "page_stamp",
    "pages",
    "says_it_is_older",
    "settled",
    "stamp",
    "stamped",
    "with_note",
]

ROOT = Path(__file__).parents[3]
"""The checkout; without `_PAGES` the package is installed alone."""
_PAGES = "docs/pages.toml"
_BEGUN = time.time()

_WRITTEN = re.compile(r"^<!-- .*-->\n\n", re.MULTILINE)
_STAMP = re.compile(r"^Made at commit (\S+) of code (\w+)\.\n\n", re.MULTILINE)
_OLDER = "> **Older than the code it speaks of.**"
_NOTE = re.compile(rf"^{re.escape(_OLDER)}.*\n(?:>.*\n)*\n", re.MULTILINE)

_SOURCES = {".py", ".cc", ".h", ".v", ".toml", ".pcf", ".cst", ".lpf"}
_DATA = {".json", ".csv", ".npy", ".npz", ".gz", ".xz"}


@dataclass(frozen=True)
class Origin:
    """How a page is made, and of what it speaks.

    Parameters
    ----------
    command : str
    code : tuple of str
        Files, or folders with all source and data below them but tests; from the root.
    without : tuple of str
        Files and folders of these that cannot change what the page says.
    says : tuple of str
        What the page says where all that it claims held, as regular expressions; none for a study,
        of which nothing holds or fails.
    """

    command: str
    code: tuple[str, ...]
    without: tuple[str, ...] = ()
    says: tuple[str, ...] = ()

    def unsaid(self, text: str) -> list[str]:
        """Return what a page does not say of what it is to say; NOT before it is its contrary."""
        return [one for one in self.says if not re.search(rf"(?<!NOT )(?:{one})", text)]

    def digest(self, root: Path = ROOT) -> str:
        """Return the digest of the code as it is now, 16 hexadecimal digits."""
        whole = hashlib.sha256()
        for path, digest in self.files(root).items():
            whole.update(f"{path}\0{digest}\n".encode())
        return whole.hexdigest()[:16]

    def files(self, root: Path = ROOT) -> dict[str, str]:
        """Return the digest of each file of the code, by its path from the root."""
        paths = self.paths(root)
        return {one.relative_to(root).as_posix(): _file_digest(one) for one in paths}

    def paths(self, root: Path = ROOT) -> list[Path]:
        """Return the files of the code, in order."""
        found: set[Path] = set()
        for path in self.code:
            below = (root / path).rglob("*") if (root / path).is_dir() else [root / path]
            found |= {one for one in below if one.suffix in _SOURCES | _DATA and not _is_test(one)}
        without = [root / path for path in self.without]
        return [
            one
            for one in sorted(found)
            if one.is_file() and not any(map(one.is_relative_to, without))
        ]


def pages(root: Path = ROOT) -> dict[str, Origin]:
    """Return the origins of the pages that runs write, by the names of their files in docs."""
    given = tomllib.loads((root / _PAGES).read_text(encoding="utf-8"))
    return {
        name: Origin(
            one["command"],
            tuple(one["code"]),
            tuple(one.get("without", ())),
            tuple(one.get("says", ())),
        )
        for name, one in given.items()
    }


class Stamp(NamedTuple):
    """What a page, or a figure, is of."""

    commit: str
    code: str


def stamp(page: str, root: Path = ROOT) -> Stamp:
    """Return the stamp of a page that is made now; outside of a checkout nothing is known."""
    if not (root / _PAGES).is_file():
        return Stamp("unknown", "unknown")
    return Stamp(checked_out(root), pages(root)[page].digest(root))


def checked_out(root: Path = ROOT) -> str:
    """Return the commit that is checked out, ``-dirty`` behind it if anything differs from it.

    Pages and their pictures do not count: a run writes one after the other.
    """
    try:
        commit = _git(root, "describe", "--always")
        dirty = _git(root, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs")
    except FileNotFoundError:  # no git
        return "unknown"
    return f"{commit}-dirty" if commit and dirty else commit or "unknown"


def _git(root: Path, *words: str) -> str:
    command = ["git", *words]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return run.stdout.strip()


def stamped(text: str, page: str, root: Path = ROOT, begun: float | None = None) -> str:
    """Return a page with its stamp, under the comment that says how it is written.

    If a file of its code has changed since the run began, nobody knows which code the page is of:
    so it says, as standard error does, and is older than any.

    Parameters
    ----------
    text, page : str
    root : Path
    begun : float, optional
        When the run began, in seconds since 1970; of the checkout's pages, when this module was
        imported.
    """
    made = stamp(page, root)
    if begun is None and root == ROOT:
        begun = _BEGUN
    if begun is not None and (changed := _changed_since(begun, page, root)):
        made = Stamp(made.commit, "unknown")
        names = ", ".join(changed[:3]) + (", ..." if len(changed) > 3 else "")
        print(f"{page} is of no known code: changed since the run began: {names}", file=sys.stderr)
    line = f"Made at commit {made.commit} of code {made.code}.\n\n"
    return _WRITTEN.sub(lambda written: written[0] + line, text, count=1)


def _changed_since(begun: float, page: str, root: Path) -> list[str]:
    """Return the files of a page's code that were written since then."""
    if not (root / _PAGES).is_file():
        return []
    paths = pages(root)[page].paths(root)
    return [one.relative_to(root).as_posix() for one in paths if one.stat().st_mtime > begun]


def settled(text: str, origin: Origin, root: Path = ROOT) -> str:
    """Return a page that says that it is older than the code it speaks of, if it is, and else not.

    Raises
    ------
    ValueError
        It bears no stamp.
    """
    found = _STAMP.search(text)
    if found is None:
        raise ValueError("it bears no stamp; write it again")
    if found[2] == origin.digest(root):
        return _NOTE.sub("", text)
    return text if says_it_is_older(text) else with_note(text, origin)


def page_stamp(text: str) -> Stamp | None:
    """Return the stamp that a page bears; None if it bears none."""
    found = _STAMP.search(text)
    return Stamp(found[1], found[2]) if found else None


def says_it_is_older(text: str) -> bool:
    """Return whether a page has the note."""
    return _NOTE.search(text) is not None


def with_note(text: str, origin: Origin) -> str:
    """Return a page that says that it is older than the code it speaks of."""
    head = _STAMP.search(text) or _WRITTEN.search(text)
    place = head.end() if head else 0
    return f"{text[:place]}{_OLDER} `{origin.command}` writes it again.\n\n{text[place:]}"


def _is_test(path: Path) -> bool:
    return path.name.startswith("test_") or path.name == "conftest.py"


def _file_digest(path: Path) -> str:
    data = path.read_bytes()
    if path.suffix == ".py":
        data = _code(data.decode()).encode()
    return hashlib.sha256(data).hexdigest()


@cache
def _code(source: str) -> str:
    """Return a Python source without its docstrings, comments and empty lines."""
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    texts = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]
    for node in sorted(texts, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        before = lines[first].encode()[: node.col_offset].decode()
        after = lines[last].encode()[node.end_col_offset :].decode()
        lines[first : last + 1] = [before + after, *[""] * (last - first)]
    return "\n".join(line.rstrip() for line in lines if line.strip())
