"""What the bench of a wide `LogSumExp` is fed, and the signature of what comes out."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from consilience_sim.reference.vectors import split_mix

__all__ = ["RESULT_BITS", "bench_words", "packets_of_bench", "signature_of"]

RESULT_BITS = 40
"""A code of 32 bits, below 8 bits of status."""
_WORDS = 512


def packets_of_bench(lanes: int, beats: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the packets that end within the first beats of `wide_bench.WideSource`.

    Parameters
    ----------
    lanes, beats : int

    Returns
    -------
    codes : int32 array, shape (n,)
        Codes of used lanes only.
    offsets : int64 array, shape (packets + 1,)
        Packet k is ``codes[offsets[k]:offsets[k + 1]]``; it may be empty.
    """
    words = bench_words()
    lane = np.arange(lanes)
    word = words[(np.arange(beats)[:, np.newaxis] + lanes - 1 - lane) % _WORDS]
    fraction, turn = word & 0xFFFF, 5 * lane % 16
    fraction = (fraction << turn | fraction >> 16 - turn) & 0xFFFF
    position = word & 0xFFFF0000 ^ np.where(lane % 2 == 1, 0xFFFF0000, 0)
    codes = (position | fraction).astype(np.uint32).view(np.int32)
    keep = (word >> 32 & 1).astype(np.bool_)

    used = np.cumsum(keep.sum(axis=1))
    ends = used[(word[:, 0] >> 33 & 1).astype(np.bool_)]
    offsets = np.concatenate([[0], ends]).astype(np.int64)
    return codes[keep][: offsets[-1]], offsets


def signature_of(results: Iterable[int]) -> int:
    """Return the signature of results: code and status as one number of `RESULT_BITS` each."""
    signature = 0
    for result in results:
        signature = (signature << 1 | signature >> RESULT_BITS - 1) & (1 << RESULT_BITS) - 1
        signature ^= result
    return signature


def bench_words() -> NDArray[np.int64]:
    """Return the stimulus, shape (512,), as `stimulus_words` defines it.

    Bits 0 .. 31 are a code, 32 is keep, 33 last.
    """
    # What follows needs bits 0 .. 39.
    bits = (split_mix(0, _WORDS) & np.uint64((1 << 40) - 1)).astype(np.int64)
    position = (bits >> 16 & 0xFFFF).astype(np.uint16).view(np.int16).astype(np.int64)
    shift = np.where(np.arange(_WORDS) % 128 == 127, 0, 10 + (bits >> 32 & 3))
    position = position >> shift & 0xFFFF
    keep, last = (bits >> 35 & 7) != 0, (bits >> 38 & 3) == 0
    flags = keep.astype(np.int64) << 32 | last.astype(np.int64) << 33
    word: NDArray[np.int64] = bits & 0xFFFF | position << 16 | flags
    return word
