"""Increments of monitors as tables that engines join with observations."""

import numpy as np
import pyarrow as pa

from consilience.monitor.frozen_table import FrozenTable
from consilience.monitor.model_increments import ModelIncrements

__all__ = ["increment_rows"]


def increment_rows(increments: FrozenTable | ModelIncrements) -> pa.Table:
    """Return increments as a table to be joined with (`lookup_text`): codes, int32.

    Of a frozen table: ``bin``, ``increment_0`` .. ``increment_(K-1)``. Of a model: ``context``,
    ``symbol``, ``increment_0``.
    """
    codes = increments.codes
    if isinstance(increments, FrozenTable):
        columns = [pa.array(np.ascontiguousarray(codes[:, k])) for k in range(codes.shape[1])]
        names = [f"increment_{k}" for k in range(codes.shape[1])]
        return pa.table([pa.array(np.arange(len(codes))), *columns], ["bin", *names])
    contexts, symbols = np.indices(codes.shape)
    return pa.table(
        [pa.array(part.ravel()) for part in (contexts, symbols, codes)],
        ["context", "symbol", "increment_0"],
    )
