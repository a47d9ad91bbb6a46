"""The folder of a service that is alive, as a kill at this moment would leave it."""

import shutil
from contextlib import suppress
from pathlib import Path

__all__ = ["copy_of_disk"]


def copy_of_disk(folder: Path, target: Path) -> Path:
    """Copy a folder while its owner goes on; what it removes meanwhile is not in the copy.

    The log is copied last, as it only grows: the rest is never of a later time than the log.
    """

    def copied(one: str, to: str) -> None:
        with suppress(FileNotFoundError):
            shutil.copy2(one, to)

    shutil.copytree(folder, target, ignore=shutil.ignore_patterns("log"), copy_function=copied)
    if (folder / "log").exists():
        shutil.copytree(folder / "log", target / "log", copy_function=copied)
    return target
