"""Examples on a network of their own: in a namespace, as root, where they disturb nobody."""

import os
import shutil
import subprocess
import sys

from consilience.errors import PermissionRefused, ToolMissing

__all__ = ["INSIDE", "enter_namespace"]

INSIDE = "CONSILIENCE_NAMESPACE"
"""Variable of the environment that is set inside."""


def enter_namespace(module: str, how: str) -> int:
    """Run this program again where there is no network but its own; return its exit code.

    Parameters
    ----------
    module : str
        Of the program.
    how : str
        What root would type.
    """
    if os.geteuid() != 0:
        print(f"error: a network namespace needs root: sudo {how}", file=sys.stderr)
        return PermissionRefused.exit_code
    unshare = shutil.which("unshare")
    if unshare is None:
        print("error: unshare is missing; Debian: apt install util-linux", file=sys.stderr)
        return ToolMissing.exit_code
    command = [unshare, "--net", sys.executable, "-m", module, *sys.argv[1:]]
    return subprocess.run(command, env=os.environ | {INSIDE: "1"}, check=False).returncode
