"""Rows grouped by agent: all of them, once, in order, in bounded memory."""

import numpy as np
import pytest

from consilience.evidence.grouping import RowGrouping


def fill(grouping, agent, codes, weight, chunk):
    for start in range(0, len(agent), chunk):
        part = slice(start, start + chunk)
        grouping.add(agent[part], codes[part], None if weight is None else weight[part])


def agents_of(block):
    """Return the rank of each row's agent."""
    return np.repeat(np.arange(len(block.offsets) - 1) + block.first, np.diff(block.offsets))


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
    assert grouping.counts.sum() == rows
    blocks = list(grouping.blocks(rank, block))
    # Nothing is left under a name, even while the files are open.
    assert list(tmp_path.iterdir()) == []
    grouping.close()
    assert (grouping.spilled_rows > 0) == (rows > bucket)
    order = np.argsort(rank[agent], kind="stable")
    assert np.concatenate([agents_of(b) for b in blocks]).tolist() == rank[agent][order].tolist()
    assert np.concatenate([b.codes for b in blocks]).tolist() == codes[order].tolist()
    if weight is None:
        assert all(b.weight is None for b in blocks)
    else:
        assert np.concatenate([b.weight for b in blocks]).tolist() == weight[order].tolist()
    stops = [b.first + len(b.offsets) - 1 for b in blocks]
    assert [b.first for b in blocks] + [len(rank)] == [0, *stops]
    for part, stop in zip(blocks, stops, strict=True):
        assert part.offsets[0] == 0 and part.offsets[-1] == len(part.codes)
        assert len(part.codes) <= block or stop == part.first + 1
        assert set(agents_of(part)) == set(range(part.first, stop))


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
        assert len(grouping._resident) <= bucket
    assert sum(len(b.codes) for b in grouping.blocks(np.arange(400), chunk)) == rows
    grouping.close()
    assert max(largest) <= bucket
    assert sum(largest) >= 2 * (rows - bucket)


def test_a_block_has_as_many_whole_agents_as_fit(tmp_path):
    grouping = RowGrouping(1, weighted=False, bucket_rows=100, directory=tmp_path)
    assert grouping.counts.shape == (0,)
    agent = np.repeat(np.arange(5), 2)
    fill(grouping, agent, np.zeros((10, 1), np.int32), None, 10)
    blocks = list(grouping.blocks(np.arange(5), 4))
    assert [(block.first, len(block.codes)) for block in blocks] == [(0, 4), (2, 4), (4, 2)]
