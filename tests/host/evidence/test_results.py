"""The table of results: what is counted, and the names of its flags."""

import numpy as np
import pyarrow as pa

from consilience.evidence.results import ResultTable
from consilience.verdicts.decisions import DecisionRule
from consilience_hw.spec.flags import CLAMPS_SHIFT, ResultStatus

CLAMPED, IMPOSSIBLE = int(ResultStatus.CLAMPED), int(ResultStatus.IMPOSSIBLE)
SATURATED = int(ResultStatus.SATURATED)


def test_clamped_agents_are_counted_and_their_clamps_are_no_flags():
    table = ResultTable("agent", ("a", "b"), DecisionRule(("a", "b")))
    clamped = CLAMPED | 1 << CLAMPS_SHIFT, CLAMPED | SATURATED | 3 << CLAMPS_SHIFT
    status = [0, *clamped, IMPOSSIBLE, 0]
    posterior = np.array([[0, -9], [-9, 0], [-5, -5], [-(2**31)] * 2, [0, -9]], np.int32)
    rows = np.arange(5, dtype=np.int64)
    batch = table.batch(pa.array(range(5)), posterior, rows, np.array(status, np.uint32))
    texts = ["ok", "clamped", "saturated+clamped", "impossible", "ok"]
    assert batch.column("status").to_pylist() == texts
    assert batch.column("decision").to_pylist() == ["a", "b", "undecided", "impossible", "a"]
    assert (table.clamped, table.impossible) == (2, 1)
    assert table.decisions == {"a": 2, "b": 1, "impossible": 1, "undecided": 1}
    assert table.ties == 1
    assert batch.column("a").to_pylist()[3] == 0.0
