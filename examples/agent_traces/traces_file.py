"""Traces from a file that a user gives: one line that names the cure where it is none."""

import zipfile
from pathlib import Path

import numpy as np

from consilience.errors import BadInput
from consilience.evidence.npz_file import DAMAGE

from .traces import Traces

__all__ = ["load_traces"]


def load_traces(path: Path) -> Traces:
    """Read a file of the bundled file's form.

    Raises
    ------
    BadInput
        It is none.
    """
    cure = "write the arrays of examples/agent_traces/data/NOTE.md"
    if not path.is_file():
        raise BadInput(f"{path}: no such file; name an .npz file of recorded runs")
    if not zipfile.is_zipfile(path):
        raise BadInput(f"{path}: no traces (not an NPZ archive); {cure}")
    try:
        traces = Traces.load(path)
        _check(traces)
    except (*DAMAGE, LookupError, TypeError, ValueError) as error:
        raise BadInput(f"{path}: no traces ({error}); {cure}") from None
    return traces


def _check(traces: Traces) -> None:
    """Refuse arrays that do not fit together: NumPy would take some of them."""
    indptr = traces.indptr
    if indptr.ndim != 1 or len(indptr) < 2:
        raise ValueError("indptr has no runs")
    if indptr[0] != 0 or (np.diff(indptr) < 0).any():
        raise ValueError("indptr does not rise from 0")
    for name in ("tool", "error"):
        if getattr(traces, name).shape != (indptr[-1],):
            raise ValueError(f"{name}: {len(getattr(traces, name))} calls, indptr {indptr[-1]}")
    for name in ("agent", "suite", "user_task", "goal", "label"):
        if getattr(traces, name).shape != (len(indptr) - 1,):
            raise ValueError(f"{name} is not of as many runs as indptr")
    if len(traces.tool) and not 0 <= traces.tool.min() <= traces.tool.max() < len(traces.tools):
        raise ValueError("tool is no index into tool_names")
