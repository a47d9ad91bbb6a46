"""The columns of a result: probability and code per hypothesis, decision, rows, status."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from consilience.errors import BadInput
from consilience_hw.spec.flags import CLAMPS_SHIFT, ResultStatus
from consilience_hw.spec.log_format import Q16_16

__all__ = ["IMPOSSIBLE", "ResultTable"]

IMPOSSIBLE = "impossible"
"""The decision for an agent whose every hypothesis is impossible."""

_ENDING = ("decision", "rows", "status")


class ResultTable:
    """Makes record batches of results, a row per agent, and counts the decisions.

    Columns: the agent id; per hypothesis its posterior probability (binary64, ``2**(code *
    2**-16)``); per hypothesis ``NAME_code``, the posterior itself (int32, log2, Q16.16; -2147483648
    = zero); ``decision`` (the most probable hypothesis, the first of equals, or ``impossible``);
    ``rows`` (int64); ``status`` (``ok`` or flags joined by ``+``).

    Parameters
    ----------
    agent : str
        Name of the agent column.
    hypotheses : sequence of str
        Names of the hypotheses.

    Raises
    ------
    BadInput
        A name is needed for another column.
    """

    def __init__(self, agent: str, hypotheses: Sequence[str]) -> None:
        self._hypotheses = tuple(hypotheses)
        codes = [f"{name}_code" for name in hypotheses]
        self._names = [agent, *hypotheses, *codes, *_ENDING]
        for name in [agent, *hypotheses, IMPOSSIBLE]:
            if [*self._names, IMPOSSIBLE].count(name) > 1:
                raise BadInput(
                    f"column name {name!r} is taken by the output's own columns "
                    f"({', '.join(_ENDING)}, NAME_code) or decisions; rename it"
                )
        self.decisions = dict.fromkeys((*hypotheses, IMPOSSIBLE), 0)
        self.clamped = 0

    @property
    def impossible(self) -> int:
        """Agents so far for which every hypothesis is impossible."""
        return self.decisions[IMPOSSIBLE]

    def batch(
        self,
        agents: pa.Array,
        posterior: NDArray[np.int32],
        rows: NDArray[np.int64],
        status: NDArray[np.uint32],
    ) -> pa.RecordBatch:
        """Return the batch of some agents: ids (n,), codes (n, H), row counts and status (n,)."""
        flags = status & ((1 << CLAMPS_SHIFT) - 1)
        impossible = (flags & ResultStatus.IMPOSSIBLE) != 0
        # argmax takes the first of equals.
        choice = np.where(impossible, len(self._hypotheses), posterior.argmax(axis=1))
        labels = np.array([*self._hypotheses, IMPOSSIBLE], dtype=object)
        for name, count in zip(labels, np.bincount(choice, minlength=len(labels)), strict=True):
            self.decisions[name] += int(count)
        self.clamped += int(((flags & ResultStatus.CLAMPED) != 0).sum())
        probability = np.where(
            posterior == Q16_16.log_of_zero,
            0.0,
            np.exp2(np.ldexp(posterior.astype(np.float64), -Q16_16.fraction_bits)),
        )
        kinds, which = np.unique(flags, return_inverse=True)
        texts = np.array([_status_text(int(kind)) for kind in kinds], dtype=object)
        columns = [agents, *probability.T, *posterior.T, labels[choice], rows, texts[which]]
        numbers = [pa.float64()] * posterior.shape[1] + [pa.int32()] * posterior.shape[1]
        types = [agents.type, *numbers, pa.string(), pa.int64(), pa.string()]
        arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
        fields = [
            pa.field(name, kind, nullable=False)
            for name, kind in zip(self._names, types, strict=True)
        ]
        return pa.record_batch(arrays, schema=pa.schema(fields))


def _status_text(flags: int) -> str:
    """Return the names of the flags set, or ``ok``."""
    names = [flag.name.lower() for flag in ResultStatus if flag & flags and flag.name]
    return "+".join(names) or "ok"
