"""Messages that stream into a device in software, in pieces of any size."""

import random
from itertools import pairwise

import numpy as np
import pytest

from consilience.server import records as server_records
from consilience.server.records import PosteriorRecords, ReduceRecords
from consilience_hw.spec.link_map import WEIGHTED, FrameStatus
from consilience_sim import golden


def feed(records, words, choose):
    """Feed words in random pieces; return all results, and the codes counted."""
    results, codes, place = [], 0, 0
    words = np.array(words, np.uint32)
    while place < len(words) and records.status == FrameStatus.OK:
        size = choose.choice((1, 2, 3, 30))
        taken = records.take(words[place : place + size])
        results += taken.results.tolist()
        if len(taken.status):
            table = taken.results.reshape(len(taken.status), -1)
            assert taken.status.tolist() == table[:, -1].tolist()
        codes += taken.codes
        place += size
    return results, codes


@pytest.fixture(params=[1 << 20, 4], ids=["whole", "folded"])
def folded(request, monkeypatch):
    """Words of a record above which it is folded into its exact state."""
    monkeypatch.setattr(server_records, "_FOLDED", request.param)


@pytest.mark.usefixtures("folded")
@pytest.mark.parametrize("seed", range(10))
def test_reduce(golden_device, segments, seed):
    choose = random.Random(seed)
    codes, offsets, (sums, status) = segments(choose, 8)
    words = np.insert(codes, offsets[:-1], np.diff(offsets)).view(np.uint32)
    records = ReduceRecords(golden_device)
    results, counted = feed(records, words, choose)
    assert results == np.column_stack((sums.view(np.uint32), status)).reshape(-1).tolist()
    assert counted == len(codes)
    assert records.complete
    assert records.status == FrameStatus.OK


def test_reduce_ends_at_an_empty_record(golden_device):
    records = ReduceRecords(golden_device)
    taken = records.take(np.array([1, 7, 0, 1, 8], np.uint32))
    assert taken.results.tolist() == [7, 0]
    assert taken.codes == 1
    assert records.status == FrameStatus.BAD_RECORD


def test_results_come_as_records_complete(golden_device):
    records = ReduceRecords(golden_device)
    seen = []
    for word in (2, 7, 7, 1, 9):
        seen.append(len(records.take(np.array([word], np.uint32)).status))
        seen.append(records.complete)
    assert seen == [0, False, 0, False, 1, True, 0, False, 1, True]


def test_an_open_record_held_all_that_came(monkeypatch, golden_device):
    """A record may have 2**32 codes: a client that never ended one took 4 GiB."""
    monkeypatch.setattr(server_records, "_FOLDED", 1_000)
    records = ReduceRecords(golden_device)
    records.take(np.array([1 << 31], np.uint32))
    for _ in range(50):
        records.take(np.zeros(400, np.uint32))
        assert sum(map(len, records._unfinished)) <= 1_000


@pytest.mark.usefixtures("folded")
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(10))
def test_posterior(golden_device, seed, weighted):
    choose = random.Random(seed)
    rng = np.random.default_rng(seed)
    hypotheses = choose.randint(2, 5)
    offsets = np.cumsum([0, *(choose.randint(1, 9) for _ in range(6))])
    rows = int(offsets[-1])
    evidence = rng.integers(-(1 << 22), 1 << 10, (rows, hypotheses), dtype=np.int32)
    weight = rng.integers(0, 65537, rows).astype(np.uint32) if weighted else None
    prior = rng.integers(-(1 << 18), 0, hypotheses, dtype=np.int32)
    words = [hypotheses | WEIGHTED * weighted, *prior.view(np.uint32)]
    for first, stop in pairwise(offsets):
        words.append(stop - first)
        for row in range(first, stop):
            words += [int(weight[row])] if weighted else []
            words += evidence[row].view(np.uint32).tolist()
    records = PosteriorRecords(golden_device, 5, weights=True)
    results, counted = feed(records, words, choose)
    posteriors, status = golden.posteriors(evidence, offsets, prior, weight)
    assert results == np.column_stack((posteriors.view(np.uint32), status)).reshape(-1).tolist()
    assert counted == evidence.size
    assert records.complete


@pytest.mark.parametrize(
    ("words", "status", "codes"),
    [
        ([1, 5], FrameStatus.BAD_RECORD, 0),
        ([0], FrameStatus.BAD_RECORD, 0),
        ([6, 5], FrameStatus.BAD_RECORD, 0),
        ([2 | 1 << 9, 5], FrameStatus.BAD_RECORD, 0),
        ([2 | 1 << 31, 5], FrameStatus.BAD_RECORD, 0),
        ([2 | WEIGHTED, 5], FrameStatus.UNSUPPORTED, 0),
        ([6 | WEIGHTED, 5], FrameStatus.UNSUPPORTED, 0),
        ([2, 5, 5, 0, 1], FrameStatus.BAD_RECORD, 0),
        ([2, 5, 5, 1, 1, 1, 0, 1], FrameStatus.BAD_RECORD, 2),
    ],
)
def test_posterior_ends_at_a_bad_word(golden_device, words, status, codes):
    records = PosteriorRecords(golden_device, 5, weights=False)
    taken = records.take(np.array(words, np.uint32))
    assert records.status == status
    assert (taken.codes, len(taken.status)) == (codes, codes // 2)


def test_posterior_ends_at_a_weight_above_one(golden_device):
    words = np.array([2 | WEIGHTED, 5, 5, 3, 9, 1, 1, 1 << 16, 1, 1, 65537, 1, 1], np.uint32)
    for size in range(1, 14):
        records = PosteriorRecords(golden_device, 5, weights=True)
        codes = 0
        for place in range(0, len(words), size):
            if records.status == FrameStatus.OK:
                codes += records.take(words[place : place + size]).codes
        assert records.status == FrameStatus.BAD_RECORD
        assert codes == 4


def test_posterior_may_end_only_between_records(golden_device):
    records = PosteriorRecords(golden_device, 5, weights=False)
    seen = []
    for word in (2, 0, 0, 1, 5, 5, 1):
        seen.append(records.complete)
        records.take(np.array([word], np.uint32))
    assert seen == [False, False, False, True, False, False, True]
    assert not records.complete
