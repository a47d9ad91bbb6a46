"""Rows grouped by agent: all of them, once, in order, in bounded memory."""

import numpy as np
import pytest

from consilience.evidence.grouping import RowGrouping


def fill(grouping, agent, codes, weight, chunk):
    for start in range(0, len(agent), chunk):
        part = slice(start, start + chunk)
        grouping.add(agent[part], codes[part], None if weight is None else weight[part])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("rows", "agents", "chunk", "bucket", "block"),
    [
        (1, 1, 10, 10, 10),
        (1000, 30, 1000, 2000, 100),
        (1000, 30, 64, 999, 1000),
        (1000, 30, 64, 100, 40),
        (1000, 900, 7, 50, 1),
        (1000, 1, 64, 100, 100),
        (1000, 30, 1000, 1, 1),
    ],
)
def test_every_row_comes_back_once_in_order(tmp_path, rows, agents, chunk, bucket, block, weighted):
    rng = np.random.default_rng(rows + agents + bucket)
    agent = rng.integers(0, agents, rows)
    # Agent numbers are given in order of arrival, so that they have no holes.
    _, first, agent = np.unique(agent, return_index=True, return_inverse=True)
    agent = np.argsort(np.argsort(first))[agent]
    codes = np.arange(rows * 3, dtype=np.int32).reshape(rows, 3)
    weight = rng.integers(0, 65537, rows).astype(np.uint32) if weighted else None
    rank = rng.permutation(agent.max() + 1)
    grouping = RowGrouping(3, weighted=weighted, bucket_rows=bucket, directory=tmp_path)
    fill(grouping, agent, codes, weight, chunk)
    counts = np.bincount(agent)
    assert grouping.counts.tolist() == counts.tolist()
    assert grouping.rows == rows
    blocks = list(grouping.blocks(rank, block))
    # Nothing is left under a name, even while the files are open.
    assert list(tmp_path.iterdir()) == []
    grouping.close()
    assert (grouping.spilled_rows > 0) == (rows > bucket)
    order = np.argsort(rank[agent], kind="stable")
    assert np.concatenate([b.agent for b in blocks]).tolist() == rank[agent][order].tolist()
    assert np.concatenate([b.codes for b in blocks]).tolist() == codes[order].tolist()
    if weight is None:
        assert all(b.weight is None for b in blocks)
    else:
        assert np.concatenate([b.weight for b in blocks]).tolist() == weight[order].tolist()
    assert [b.first for b in blocks] + [len(rank)] == [0] + [b.stop for b in blocks]
    for part in blocks:
        assert len(part.agent) <= block or part.stop == part.first + 1
        assert set(part.agent) == set(range(part.first, part.stop))


def test_memory_is_a_bucket_and_not_the_file(tmp_path, monkeypatch):
    """By construction: no read, and no part kept, is larger than the bucket and one chunk."""
    bucket, chunk, rows = 500, 100, 20_000
    largest = []
    load = RowGrouping._load

    def watched(self, file, count):
        largest.append(count)
        return load(self, file, count)

    monkeypatch.setattr(RowGrouping, "_load", watched)
    grouping = RowGrouping(2, weighted=False, bucket_rows=bucket, directory=tmp_path)
    agent = np.arange(rows) % 400
    codes = np.zeros((rows, 2), np.int32)
    for start in range(0, rows, chunk):
        grouping.add(agent[start : start + chunk], codes[start : start + chunk], None)
        assert sum(map(len, grouping._resident)) <= bucket
    assert sum(len(b.agent) for b in grouping.blocks(np.arange(400), chunk)) == rows
    grouping.close()
    assert max(largest) <= bucket
    assert sum(largest) >= 2 * (rows - bucket)
