"""The steps of a stranger: what is typed, how it ends, what is said."""

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Step", "Walk", "carried_out"]

PROGRAMS = Path(sys.executable).parent


@dataclass(frozen=True)
class Step:
    """A command, and what its reader must find.

    Parameters
    ----------
    words : tuple of str
        The command; ``consilience`` and ``python`` are those of this environment.
    says : tuple of str
        Regular expressions that standard output and error hold together.
    code : int
        Exit code.
    never : tuple of str
        What must not be said.
    before : callable, optional
        Changes the folder first, as the stranger's mistake does.
    """

    words: tuple[str, ...]
    says: tuple[str, ...] = ()
    code: int = 0
    never: tuple[str, ...] = ("Traceback",)
    before: Callable[[Path], None] | None = None


@dataclass(frozen=True)
class Walk:
    """Who walks, what lies in the folder at first, and the steps in order."""

    who: str
    given: Callable[[Path], None]
    steps: tuple[Step, ...]


def carried_out(walk: Walk, folder: Path) -> list[str]:
    """Carry a walk out in an empty folder; return what was not as it must be, a line each."""
    walk.given(folder)
    wrong = []
    for number, step in enumerate(walk.steps, 1):
        if step.before is not None:
            step.before(folder)
        name, *rest = step.words
        program = str(PROGRAMS / name) if (PROGRAMS / name).exists() else name
        done = subprocess.run(
            [program, *rest], cwd=folder, capture_output=True, text=True, check=False
        )
        said = done.stdout + done.stderr
        told = f"{walk.who}, step {number}, {' '.join(step.words)}"
        if done.returncode != step.code:
            wrong.append(f"{told}: exit code {done.returncode}, not {step.code}: {said[-600:]}")
        wrong += [
            f"{told}: does not say {pattern!r}: {said[-1500:]}"
            for pattern in step.says
            if re.search(pattern, said) is None
        ]
        wrong += [f"{told}: says {word!r}" for word in step.never if word in said]
    return wrong
