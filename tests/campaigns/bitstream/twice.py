"""``python -m tests.campaigns.bitstream.twice``: a board built twice, and all its files compared.

Each build is a process of its own with an empty cache, another folder and another seed of Python's
hashes: elaboration, synthesis, place and route, packing. Exit code 0 if bitstream, manifest, report
and constraints have equal bytes, 1 if not, 3 if a tool is missing. Five minutes for icebreaker.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from consilience_tools.boards.catalogue import BOARDS

__all__ = ["files_of", "main"]

DEFAULT = "icebreaker"
SEEDS = ("1", "2")


def main() -> int:
    """Build the board asked for, or the smallest, twice."""
    names = [one.name for one in BOARDS]
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaigns.bitstream.twice", description=__doc__
    )
    parser.add_argument("board", nargs="?", default=DEFAULT, choices=names, metavar="BOARD")
    board = parser.parse_args().board
    made = []
    for seed in SEEDS:
        with tempfile.TemporaryDirectory(prefix=f"consilience-twice-{seed}-") as folder:
            print(f"{board}, build {seed} of {len(SEEDS)} ...", flush=True)
            if code := _built(board, Path(folder), seed):
                return code
            made.append(files_of(Path(folder) / "out"))
    names = sorted(made[0] | made[1])
    for name in names:
        one, other = (files.get(name, "missing") for files in made)
        print(f"{'equal  ' if one == other else 'DIFFERS'} {name}: {one}", flush=True)
    return int(made[0] != made[1])


def _built(board: str, folder: Path, seed: str) -> int:
    """Build a board in a process; return its exit code."""
    program = Path(sys.executable).with_name("consilience")
    own = {"CONSILIENCE_CACHE": str(folder / "cache"), "PYTHONHASHSEED": seed}
    words = [program, "build", board, "--out", folder / "out", "--json"]
    return subprocess.run(
        words, env={**os.environ, **own}, stdout=subprocess.DEVNULL, check=False
    ).returncode


def files_of(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


if __name__ == "__main__":
    sys.exit(main())
