"""The batch form on Dask: the digest of one process."""

import dask
import numpy as np
from dask.base import compute
from dask.delayed import delayed

from consilience.distributed.totals.batch_combiner import EvidenceCombine, EvidenceRows
from consilience.distributed.totals.evidence_sums import EvidenceSums


def test_dask_gives_the_digest_of_one_process():
    random = np.random.default_rng(5)
    agents = [int(agent) for agent in random.integers(0, 300, 4000)]
    codes = random.integers(-(2**31), 2**31, (4000, 2), dtype=np.int64).astype(np.int32)
    combine = EvidenceCombine(("benign", "hijacked"))
    leaves = [
        delayed(combine.add_input)(
            combine.create(), EvidenceRows(agents[start::16], codes[start::16])
        )
        for start in range(16)
    ]
    while len(leaves) > 1:
        leaves = [
            delayed(combine.merge_accumulators)(leaves[start : start + 3])
            for start in range(0, len(leaves), 3)
        ]
    with dask.config.set(scheduler="threads", num_workers=2):
        (total,) = compute(leaves[0])
    whole = EvidenceSums(combine.hypotheses).add(agents, codes)
    assert combine.extract_output(total).digest == whole.digest
    assert whole.rows == 4000
