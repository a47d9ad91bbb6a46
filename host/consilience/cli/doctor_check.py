"""One thing that `consilience doctor` looks for."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from consilience.extras import install_command, installed_version

__all__ = ["Check", "package_check", "tool_check"]


@dataclass(frozen=True)
class Check:
    """One thing looked for: what it is needed for, what was found, the cure where nothing was.

    `fault` says what it is where `found` is None.
    """

    name: str
    needed_for: str
    found: str | None
    cure: str
    fault: str = "missing"


def package_check(name: str, needed_for: str, extra: str | None = None) -> Check:
    """Look for a Python package, which `extra` brings; without one, the base install."""
    cure = f"{install_command(extra)} (in a checkout: make setup)"
    return Check(name, needed_for, installed_version(name), cure)


def tool_check(
    name: str, needed_for: str, commands: Sequence[str], cure: str, option: str = "--version"
) -> Check:
    """Look for the first of `commands` that runs and says its version."""
    for command in commands:
        path = shutil.which(command)
        if path and (version := _version(path, option)):
            return Check(name, needed_for, f"{command} {version}", cure)
    return Check(name, needed_for, None, cure)


def _version(path: str, option: str) -> str | None:
    """Return the version that a program prints; None if it does not run."""
    try:
        answer = subprocess.run(
            [path, option], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    number = re.search(r"\d+(\.\d+)+", answer.stdout)
    return number[0] if number else "of unknown version"
