"""The columns of a result: probability and code per hypothesis, decision, rows, status."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from consilience.errors import BadInput
from consilience.verdicts.decisions import IMPOSSIBLE, REVIEW, UNDECIDED, DecisionRule
from consilience.verdicts.probabilities import probabilities
from consilience_hw.spec.flags import CLAMPS_SHIFT, ResultStatus

__all__ = ["ResultTable"]

_ENDING = ("decision", "rows", "status")
_COST, _MOVED = "expected_cost", "moved_by"


class ResultTable:
    """Makes record batches of results, a row per agent, and counts the decisions.

    Columns: the agent id; per hypothesis its posterior probability (binary64; `probabilities` of
    the codes: they sum to 1); per hypothesis ``NAME_code``, the posterior itself (int32, log2,
    Q16.16; -2147483648 = zero); ``decision`` (that of the rule, or ``impossible``); ``rows``
    (int64); ``status`` (``ok`` or flags joined by ``+``). With costs ``expected_cost`` (binary64,
    null for the impossible), and where it is asked for ``moved_by`` (text).

    Parameters
    ----------
    agent : str
        Name of the agent column.
    hypotheses : sequence of str
        Names of the hypotheses.
    rule : DecisionRule or None
        How it is decided; None: `DecisionRule.of` the hypotheses.
    moved : bool
        There is a column ``moved_by``.

    Attributes
    ----------
    decisions : dict of str to int
        Agents so far by decision; undecided and review only if there are some.
    ties, clamped : int
        Agents so far between equals, and with values that were clamped.

    Raises
    ------
    BadInput
        A name is needed for another column.
    """

    def __init__(
        self,
        agent: str,
        hypotheses: Sequence[str],
        rule: DecisionRule | None = None,
        *,
        moved: bool = False,
    ) -> None:
        self._hypotheses = tuple(hypotheses)
        self._rule = rule or DecisionRule.of(hypotheses)
        codes = [f"{name}_code" for name in hypotheses]
        more = [_COST] * (self._rule.costs is not None) + [_MOVED] * moved
        self._names = [agent, *hypotheses, *codes, *_ENDING, *more]
        decisions = [IMPOSSIBLE, UNDECIDED, REVIEW]
        for name in [agent, *hypotheses, *decisions]:
            if [*self._names, *decisions].count(name) > 1:
                raise BadInput(
                    f"column name {name!r} is taken by the output's own columns "
                    f"({', '.join([*_ENDING, *more])}, NAME_code) or decisions; rename it"
                )
        self.decisions = dict.fromkeys((*hypotheses, IMPOSSIBLE), 0)
        self.ties = self.clamped = 0

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
        moved: Sequence[str] | None = None,
    ) -> pa.RecordBatch:
        """Return the batch of some agents: ids (n,), codes (n, H), row counts and status (n,).

        And what moved them (n,), if the table has the column.
        """
        flags = status & ((1 << CLAMPS_SHIFT) - 1)
        labels = np.array(self._rule.labels, dtype=object)
        decided = self._rule.decide(posterior)
        for name, count in zip(
            labels, np.bincount(decided.choice, minlength=len(labels)).tolist(), strict=True
        ):
            if count:
                self.decisions[name] = self.decisions.get(name, 0) + count
        self.ties += int(decided.tied.sum())
        self.clamped += int(((flags & ResultStatus.CLAMPED) != 0).sum())
        kinds, which = np.unique(flags, return_inverse=True)
        texts = np.array([_status_text(int(kind)) for kind in kinds], dtype=object)
        numbers = [*probabilities(posterior).T, *posterior.T]
        columns = [agents, *numbers, labels[decided.choice], rows, texts[which]]
        types = [pa.float64()] * posterior.shape[1] + [pa.int32()] * posterior.shape[1]
        types = [agents.type, *types, pa.string(), pa.int64(), pa.string()]
        if decided.cost is not None:
            columns.append(decided.cost)
            types.append(pa.float64())
        if moved is not None:
            columns.append(np.array(moved, dtype=object))
            types.append(pa.string())
        arrays = [
            pa.array(column, kind, from_pandas=name == _COST)
            for name, column, kind in zip(self._names, columns, types, strict=True)
        ]
        fields = [
            pa.field(name, kind, nullable=name == _COST)
            for name, kind in zip(self._names, types, strict=True)
        ]
        return pa.record_batch(arrays, schema=pa.schema(fields))


def _status_text(flags: int) -> str:
    """Return the names of the flags set, or ``ok``."""
    names = [flag.name.lower() for flag in ResultStatus if flag & flags and flag.name]
    return "+".join(names) or "ok"
