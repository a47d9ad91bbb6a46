"""Messages from arrays, against a slow reference; their cuts; results back."""

import random
import struct
from itertools import pairwise

import numpy as np
import pytest

from consilience.errors import BadInput, LinkError
from consilience.link.messages import (
    cut_records,
    parse_results,
    posterior_head,
    posterior_records,
    reduce_records,
)
from consilience_hw.spec.link_map import WEIGHTED


@pytest.mark.parametrize("seed", range(20))
def test_reduce(seed):
    choose = random.Random(seed)
    offsets = np.cumsum([choose.randint(0, 3), *(choose.randint(1, 9) for _ in range(seed))])
    codes = np.array([choose.randint(-(2**31), 2**31 - 1) for _ in range(offsets[-1] + 2)], "i4")
    expected = b""
    for first, stop in pairwise(offsets):
        expected += struct.pack(f"<I{stop - first}i", stop - first, *codes[first:stop].tolist())
    assert reduce_records(codes, offsets).tobytes() == expected


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("weighted", [False, True])
def test_posterior(seed, weighted):
    choose = random.Random(seed)
    hypotheses = choose.randint(2, 16)
    offsets = np.cumsum([choose.randint(0, 3), *(choose.randint(1, 5) for _ in range(seed))])
    rows = int(offsets[-1])
    rng = np.random.default_rng(seed)
    evidence = rng.integers(-(2**31), 2**31, (rows, hypotheses), dtype=np.int32)
    weight = rng.integers(0, 65537, rows).astype(np.uint32) if weighted else None
    prior = rng.integers(-(2**31), 2**31, hypotheses, dtype=np.int32)
    expected = struct.pack("<I", hypotheses | WEIGHTED * weighted)
    expected += struct.pack(f"<{hypotheses}i", *prior.tolist())
    for first, stop in pairwise(offsets):
        expected += struct.pack("<I", stop - first)
        for row in range(first, stop):
            if weight is not None:
                expected += struct.pack("<I", weight[row])
            expected += struct.pack(f"<{hypotheses}i", *evidence[row].tolist())
    message = np.concatenate(
        (posterior_head(prior, weighted=weighted), posterior_records(evidence, offsets, weight))
    )
    assert message.tobytes() == expected


def test_cuts_at_records():
    words = np.array([3, 3, 3, 9, 1, 1, 20, 2])
    assert list(cut_records(words, message_bytes=28)) == [
        (0, 2),
        (2, 3),
        (3, 4),
        (4, 6),
        (6, 7),
        (7, 8),
    ]
    assert list(cut_records(words, head_words=2, message_bytes=36))[:2] == [(0, 2), (2, 3)]
    assert list(cut_records(words)) == [(0, 8)]
    assert list(cut_records(words[:0])) == []


def test_a_message_that_fits_exactly_is_not_cut():
    words = np.array([3, 4, 7, 5])
    assert list(cut_records(words, message_bytes=28)) == [(0, 2), (2, 3), (3, 4)]
    assert list(cut_records(words, message_bytes=27)) == [(0, 1), (1, 2), (2, 3), (3, 4)]


def test_a_record_longer_than_any_message():
    words = np.array([5, 20])
    assert list(cut_records(words, message_bytes=40, largest=80)) == [(0, 1), (1, 2)]
    with pytest.raises(BadInput, match="of 20 words; the link takes 19: use the cpu device"):
        list(cut_records(words, head_words=1, message_bytes=40, largest=80))


def test_results():
    data = struct.pack("<iiIiiI", -5, 6, 1 << 31, 7, -8, 0x310)
    codes, status = parse_results(data, 2, 2)
    assert codes.tolist() == [[-5, 6], [7, -8]]
    assert status.tolist() == [1 << 31, 0x310]
    assert (codes.dtype, status.dtype) == (np.int32, np.uint32)
    with pytest.raises(LinkError, match="returned 24 bytes of results, not 36"):
        parse_results(data, 3, 2)
