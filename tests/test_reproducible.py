"""Wheel and sdist have the same bytes, whoever builds them, wherever and whenever."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.unpacking import unpack

ROOT = Path(__file__).parent.parent
PARTS = ("hw", "sim", "host", "constraints", "pyproject.toml", "README.md", "LICENSE")


def built(tree: Path, kind: str, umask: int) -> tuple[str, Path]:
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", "out"]
    before = os.umask(umask)
    try:
        env = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
        subprocess.run(command, cwd=tree, env=env, check=True, capture_output=True)
    finally:
        os.umask(before)
    (made,) = (tree / "out").glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return hashlib.sha256(made.read_bytes()).hexdigest(), made


@pytest.mark.slow
def test_two_builds_of_wheel_and_sdist_are_equal(tmp_path):
    trees = [tmp_path / "one", tmp_path / "another" / "deeper"]
    for number, tree in enumerate(trees):
        tree.mkdir(parents=True)
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, tree / part)
        for path in tree.rglob("*"):
            os.utime(path, (10**9 * (number + 1), 10**9 * (number + 1)))
    wheels = [
        built(tree, "wheel", umask)[0] for tree, umask in zip(trees, (0o022, 0o077), strict=True)
    ]
    sdists = [
        built(tree, "sdist", umask) for tree, umask in zip(trees, (0o077, 0o022), strict=True)
    ]
    assert wheels[0] == wheels[1]
    assert sdists[0][0] == sdists[1][0]
    with tarfile.open(sdists[0][1]) as archive:
        unpack(archive, tmp_path / "unpacked")
    (tree,) = (tmp_path / "unpacked").iterdir()
    assert built(tree, "wheel", 0o022)[0] == wheels[0]
    # A change of one byte is another wheel.
    (trees[0] / "host/consilience/errors.py").write_text("# changed\n")
    shutil.rmtree(trees[0] / "out")
    assert built(trees[0], "wheel", 0o022)[0] != wheels[0]
