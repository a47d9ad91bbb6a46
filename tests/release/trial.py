"""A wheel or an sdist in an empty environment: installed, and tried as its users would.

The versions of what it needs are those of requirements.lock, so that the environment, and the list
of its parts, are the same tomorrow.
"""

import os
import subprocess
import sys
from pathlib import Path

from packaging.requirements import Requirement

from tests.docs.blocks import carried_out

__all__ = ["constraints", "installed", "requirements", "tried"]

TUTORIAL = "docs/tutorials/traces_to_alarm.md"


def requirements(text: str) -> list[Requirement]:
    """Return what a lock names, without its hashes."""
    return [Requirement(line.rstrip("\\ ")) for line in text.splitlines() if line[:1].isalnum()]


def constraints(lock: Path, file: Path) -> Path:
    """Write the versions of a lock as constraints of pip: these have no hashes and no extras."""
    lines = []
    for one in requirements(lock.read_text(encoding="utf-8")):
        marker = f" ; {one.marker}" if one.marker else ""
        lines.append(f"{one.name}{one.specifier}{marker}\n")
    file.write_text("".join(lines), encoding="utf-8")
    return file


def installed(archive: Path, environment: Path, versions: Path) -> Path:
    """Make an environment of nothing but a wheel or an sdist and its needs; return its programs."""
    make = [sys.executable, "-m", "venv", "--without-pip", str(environment)]
    subprocess.run(make, check=True)
    programs = environment / "bin"
    pip = [sys.executable, "-m", "pip", "--python", str(programs / "python")]
    install = ["install", "--quiet", "--disable-pip-version-check", "--constraint", str(versions)]
    subprocess.run([*pip, *install, str(archive)], check=True)
    return programs


def tried(programs: Path, root: Path, folder: Path, version: str) -> int:
    """Carry out the tutorial of traces, and ask for what is not installed; return the commands.

    Raises
    ------
    ValueError, AssertionError
        A program said something else.
    """
    folder.mkdir()
    os.environ["CONSILIENCE_CACHE"] = str(folder.with_name(f"{folder.name}-cache"))
    os.environ.pop("PYTHONPATH", None)
    said = _output(programs, folder, 0, "--version")
    if said.strip() != version:
        raise ValueError(f"{programs}: consilience --version says {said.strip()}, not {version}")
    cure = _output(programs, folder, 3, "build", "icebreaker")
    if "[build]'" not in cure:
        raise ValueError(f"{programs}: without its extra, `build` says {cure}")
    return 2 + carried_out(root / TUTORIAL, folder, programs).run


def _output(programs: Path, folder: Path, code: int, *words: str) -> str:
    command = [str(programs / "consilience"), *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != code:
        raise ValueError(f"{' '.join(command)}: exit code {done.returncode}: {done.stderr}")
    return done.stdout + done.stderr
