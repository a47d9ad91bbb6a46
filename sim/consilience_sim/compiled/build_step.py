"""One tool of a build, its output in a log."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

__all__ = ["BuildFailed", "run_step"]


class BuildFailed(RuntimeError):
    """A tool that makes a simulation failed; the message names its log."""


def run_step(name: str, command: Sequence[str], folder: Path, log: Path) -> None:
    """Run a tool.

    Parameters
    ----------
    name : str
        What the tool is, for the message.
    command : sequence of str
        Program and arguments.
    folder : Path
        Where it runs.
    log : Path
        File to which its output is appended.

    Raises
    ------
    BuildFailed
        It ended with another status than 0.
    """
    with log.open("ab") as output:
        done = subprocess.run(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
    if done.returncode:
        raise BuildFailed(
            f"the simulation cannot be built: {name} failed "
            f"(exit status {done.returncode}), log in {log}"
        )
