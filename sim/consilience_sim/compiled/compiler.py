"""The system's C++ compiler."""

import os
import platform
import shlex
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from consilience_sim.compiled.build_step import run_step

__all__ = ["Compiler", "CompilerMissing", "find_compiler"]

_CURE = "install g++ (Debian: apt install g++), or set CXX"

# With g++ 12, -O2 gives a third fewer cycles per second, and -march=native no more.
_FLAGS = (
    "-std=c++17",
    "-O3",
    "-fPIC",
    "-fvisibility=hidden",
    "-shared",
    "-DNDEBUG",
    "-DCXXRTL_NDEBUG",
)


class CompilerMissing(RuntimeError):
    """There is no C++ compiler; the message names the cure."""


@dataclass(frozen=True)
class Compiler:
    """A C++ compiler.

    Parameters
    ----------
    command : tuple of str
        Program, found, and arguments that always go with it.
    """

    command: tuple[str, ...]

    @property
    def identity(self) -> str:
        """What tells its code from that of another: command, version and machine."""
        shown = subprocess.run([*self.command, "--version"], capture_output=True, text=True)
        return f"{self.command}\n{shown.stdout}\n{platform.system()} {platform.machine()}"

    @staticmethod
    def flags(*, waves: bool) -> tuple[str, ...]:
        """Return the flags of a build, with or without the means to record waveforms."""
        return (*_FLAGS, "-DWAVES") if waves else _FLAGS

    def compile(
        self,
        source: Path,
        library: Path,
        *,
        includes: Iterable[Path],
        waves: bool,
        log: Path,
    ) -> None:
        """Compile one C++ file to a shared library, in about 10 s for an engine.

        Raises
        ------
        BuildFailed
            The compiler failed; its output is in `log`.
        """
        options = [*self.flags(waves=waves), *(f"-I{folder}" for folder in includes)]
        command = [*self.command, *options, "-o", str(library), str(source)]
        run_step("the C++ compiler", command, library.parent, log)


def find_compiler() -> Compiler:
    """Return the compiler of the environment's CXX, else the first of g++, clang++ and c++.

    Raises
    ------
    CompilerMissing
        None is found.
    """
    try:
        wish = shlex.split(os.environ.get("CXX", ""))
    except ValueError as error:
        raise CompilerMissing(f"CXX is no command ({error}): {_CURE}") from error
    for name, *arguments in [wish] if wish else [["g++"], ["clang++"], ["c++"]]:
        program = shutil.which(name)
        if program is not None:
            return Compiler((program, *arguments))
    if wish:
        raise CompilerMissing(f"no program {wish[0]}, named by CXX: {_CURE}")
    raise CompilerMissing(f"simulation needs a C++ compiler: {_CURE}")
