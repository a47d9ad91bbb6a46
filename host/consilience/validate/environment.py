"""What code and tools said what was found: for those who were not there.

In a checkout the code is that of a commit, and of nothing else; of a wheel each file is compared
with the hash that the wheel recorded when it was made.
"""

import base64
import csv
import hashlib
import importlib.metadata
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

from consilience.errors import BadInput
from consilience.validate.source_hash import PACKAGES, package_files, sources_digest
from consilience_sim.cache import cache_folder, is_whole

__all__ = [
    "built_bitstreams",
    "checkout_of",
    "environment_document",
    "is_beside",
    "refuse_changed_code",
]

_OWN = ("hw", "sim", "host")
"""Folders of a checkout in which a file that git does not know is code all the same."""
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_COMPILERS = ("g++", "clang++")


def checkout_of(path: Path = Path(__file__)) -> Path | None:
    """Return the root of the checkout that this code lies in; None if it is installed alone."""
    root = path.resolve().parents[3]
    there = (root / "pyproject.toml").is_file() and (root / ".git").exists()
    return root if there else None


def is_beside(folder: Path) -> bool:
    """Return whether a folder is a checkout, and this code is not that of it."""
    parts = "pyproject.toml", *_OWN
    return checkout_of() is None and all((folder / one).exists() for one in parts)


def refuse_changed_code() -> str | None:
    """Return the commit of the code; None of a wheel, whose files are as they were recorded.

    Raises
    ------
    BadInput
        Files differ from the commit, or from the wheel; the message names them.
    """
    root = checkout_of()
    if root is None:
        _compare_with_record()
        return None
    changed = _git(root, "status", "--porcelain", "--untracked-files=no").splitlines()
    changed += _git(
        root, "status", "--porcelain", "--untracked-files=all", "--", *_OWN
    ).splitlines()
    names = sorted({line[3:] for line in changed})
    if names:
        raise BadInput(
            f"--audit-mode is of a commit, but {len(names)} files differ from it: "
            f"{_listed(names)}; commit or remove them"
        )
    return _git(root, "rev-parse", "HEAD").strip()


def environment_document(commit: str | None) -> dict[str, Any]:
    """Return versions and hashes: the same for the same code, tools and bitstreams at hand."""
    root = checkout_of()
    lock = None if root is None else root / "requirements.lock"
    return {
        "format": "consilience environment 1",
        "version": importlib.metadata.version("consilience"),
        "commit": commit,
        "code": "a commit" if commit else "a wheel, each file as it recorded it",
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "machine": platform.machine(),
        "packages": _packages(),
        "compilers": {name: told for name in _COMPILERS if (told := _version(name))},
        "sources_sha256": sources_digest(),
        "sources": {name: _sha256(path) for name, path in package_files().items()},
        "lock_sha256": _sha256(lock) if lock and lock.is_file() else None,
        "bitstreams": built_bitstreams(),
    }


def _compare_with_record() -> None:
    """Refuse installed files that differ from the hashes of their wheel; BadInput names them."""
    wheel = importlib.metadata.distribution("consilience")
    # Its own list of files, `files`, is without those that are gone from Python 3.12 on.
    rows = csv.reader((wheel.read_text("RECORD") or "").splitlines())
    recorded = {name: told for name, told, *_ in rows if told and name.split("/")[0] in PACKAGES}
    if not recorded:
        raise BadInput(
            "--audit-mode needs code whose origin is known: a checkout with its .git, or an "
            "installed wheel; this is neither"
        )
    changed = []
    for name, told in recorded.items():
        path = Path(str(wheel.locate_file(name)))
        data = path.read_bytes() if path.is_file() else b""
        here = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        if told != f"sha256={here}":
            changed.append(name)
    extra = set(package_files()) - set(recorded)
    changed += sorted(name for name in extra if name.endswith(".py"))
    if changed:
        raise BadInput(
            f"--audit-mode is of a wheel, but {len(changed)} installed files differ from it: "
            f"{_listed(changed)}; install it again"
        )


def _packages() -> dict[str, str]:
    """Return the versions of all packages that consilience may use and that are installed."""
    found, waiting = {}, ["consilience"]
    while waiting:
        name = waiting.pop()
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        if (known := distribution.metadata["Name"]) in found:
            continue
        found[known] = distribution.version
        names = (_NAME.match(one) for one in distribution.requires or [])
        waiting += [name[0] for name in names if name]
    return dict(sorted(found.items()))


def built_bitstreams() -> dict[str, str]:
    """Return the hashes of the bitstreams that are built here, by build and file."""
    folder = cache_folder() / "boards"
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    return {
        f"{entry.name}/{file.name}": _sha256(file)
        for entry in entries
        if entry.is_dir() and is_whole(entry)
        for file in sorted(entry.glob("consilience-*"))
    }


def _version(tool: str) -> str | None:
    try:
        told = subprocess.run([tool, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\d+(\.\d+)+", told.stdout)
    return found[0] if found else None


def _git(root: Path, *words: str) -> str:
    try:
        done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        raise BadInput("--audit-mode in a checkout needs git; install it") from None
    except subprocess.CalledProcessError as error:
        raise BadInput(f"--audit-mode: git says {error.stderr.strip()!r} of {root}") from None
    return done.stdout


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
