"""Wheel and sdist of a commit, built twice in different places: the bytes have to be the same."""

import hashlib
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.unpacking import unpack

__all__ = ["built", "built_twice", "commit_time", "exported", "write_sums"]


def exported(root: Path, folder: Path) -> Path:
    """Write the files of the checked out commit, and nothing else, into a folder; return it."""
    folder.mkdir(parents=True)
    packed = subprocess.run(
        ["git", "archive", "HEAD"], cwd=root, check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        unpack(archive, folder)
    return folder


def commit_time(root: Path) -> str:
    """Return the time of the checked out commit, in seconds, as SOURCE_DATE_EPOCH wants it."""
    words = ["git", "log", "-1", "--format=%ct"]
    return subprocess.run(
        words, cwd=root, check=True, capture_output=True, text=True
    ).stdout.strip()


def built(tree: Path, epoch: str, *kinds: str, umask: int = 0o022) -> list[Path]:
    """Build ``wheel``, ``sdist`` or both in a tree; return the files, by name."""
    out = tree / "built"
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(out)]
    for kind in kinds:
        command += ["-t", kind]
    before = os.umask(umask)
    try:
        environment = {**os.environ, "SOURCE_DATE_EPOCH": epoch}
        subprocess.run(command, cwd=tree, env=environment, check=True, capture_output=True)
    finally:
        os.umask(before)
    return sorted(out.iterdir())


def built_twice(root: Path, work: Path) -> list[Path]:
    """Build wheel and sdist in two places, and the wheel from the sdist; return sdist and wheel.

    Raises
    ------
    ValueError
        Two of them differ in a byte.
    """
    epoch = commit_time(root)
    first = built(exported(root, work / "one"), epoch, "sdist", "wheel")
    again = built(exported(root, work / "another" / "deeper"), epoch, "sdist", "wheel", umask=0o077)
    for one, other in zip(first, again, strict=True):
        if one.read_bytes() != other.read_bytes():
            raise ValueError(f"two builds of {one.name} differ: {one} and {other}")
    wheel, sdist = sorted(first, key=lambda one: one.suffix != ".whl")
    with tarfile.open(sdist) as archive:
        unpack(archive, work / "unpacked")
    (tree,) = (work / "unpacked").iterdir()
    (from_sdist,) = built(tree, epoch, "wheel")
    if from_sdist.read_bytes() != wheel.read_bytes():
        raise ValueError(f"the wheel that is built from {sdist.name} is another: {from_sdist}")
    return [sdist, wheel]


def write_sums(files: list[Path], sums: Path) -> None:
    """Write the SHA-256 of files, as ``sha256sum --check`` reads it."""
    lines = [f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.name}\n" for one in files]
    sums.write_text("".join(lines), encoding="utf-8")
