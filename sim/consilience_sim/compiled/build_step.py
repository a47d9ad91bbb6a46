"""One tool of a build, its output in a log."""

import errno
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from consilience_sim.cache import cache_folder

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
    OSError
        So it did because the disk is full.
    """
    with log.open("ab") as output:
        done = subprocess.run(
            command, cwd=folder, env=_environment(), stdout=output, stderr=subprocess.STDOUT
        )
    if done.returncode:
        full = os.strerror(errno.ENOSPC)
        if full.encode() in log.read_bytes():
            raise OSError(errno.ENOSPC, f"{full}, says {name}", str(log))
        raise BuildFailed(
            f"the simulation cannot be built: {name} failed "
            f"(exit status {done.returncode}), log in {log}"
        )


def _environment() -> Mapping[str, str]:
    """Return where a tool runs: what it keeps for itself goes to our folder, if not to its own.

    The tools are WebAssembly, compiled when they first run; in a home that cannot be written they
    end with an error.
    """
    usual = os.environ.get("XDG_CACHE_HOME")
    try:
        own = Path(usual) if usual else Path.home() / ".cache"
        own.mkdir(parents=True, exist_ok=True)
        if os.access(own, os.W_OK):
            return os.environ
    except (OSError, RuntimeError):
        pass  # no home, or a read-only one
    return {**os.environ, "XDG_CACHE_HOME": str(cache_folder() / "tools")}
