"""The fixed set of packets on which every implementation must agree, and the digest of its results.

Made of integers alone (SplitMix64, no library's generator), so that it is the same everywhere and
for ever. Its digest is that of correctly rounded results: what a unit marks HARD_TO_ROUND is
decided exactly first, as the driver does.
"""

import hashlib
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from consilience_hw.spec.log_format import Q16_16

__all__ = [
    "FULL_DIGEST",
    "PACKETS",
    "SHORT",
    "SHORT_DIGEST",
    "VectorSet",
    "results_digest",
    "split_mix",
    "vector_set",
]

PACKETS = 100_000
"""Packets of the set."""

SHORT = 2_000
"""Packets, the first ones, of the short digest for slow paths."""

FULL_DIGEST = "cf2b427f9c25dabb0f86c808d24b19bee8411d38feace6f06ec620d45cade0dc"
SHORT_DIGEST = "b4374a01b1c4e45222803696fd54362257e341b17e8a3648fe4b14a832069d7f"
"""What every implementation gives for the set, and for its first packets."""

VectorSet = tuple[NDArray[np.int32], NDArray[np.int64]]
"""Codes, and the offsets 0 .. n of the packets in them."""

_ZERO, _LOW, _HIGH = Q16_16.log_of_zero, Q16_16.min_code, Q16_16.max_code
_ONE = 1 << 16
_BIN = 8 * _ONE
_WINDOW = 7 * _BIN

_SPECIAL = (
    *(_ZERO, _LOW, _LOW + 1, _LOW + _ONE, -_WINDOW - 1, -_WINDOW, -_WINDOW + 1, -_BIN - 1, -_BIN),
    *(-_ONE - 1, -_ONE, -1, 0, 1, _ONE - 1, _ONE, _BIN - 1, _BIN, _HIGH - _ONE, _HIGH - 1, _HIGH),
)
_LONGEST_FILL = 130  # two beats of 64 lanes, and two codes
_SCALES = (1, 2, _ONE, _BIN, 70 * _ONE, 1 << 32)
_LENGTHS = (1, 1, 1, 2, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 33)


def split_mix(seed: int, count: int) -> NDArray[np.uint64]:
    """Return the first `count` outputs of SplitMix64 (Steele, Lea and Flood, 2014)."""
    steps = np.arange(1, count + 1, dtype=np.uint64)
    state = np.uint64(seed) + steps * np.uint64(0x9E37_79B9_7F4A_7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
    return state ^ (state >> np.uint64(31))


@cache
def vector_set() -> VectorSet:
    """Return the set: codes, and offsets of shape (PACKETS + 1,); both read-only.

    - every length 0 .. 130 at five scales: every fill of one and two beats of up to 64 lanes;
    - every special code alone and repeated 2 to 64 times, every ordered pair of special codes;
    - staircases of one bin a step through the window and out of it, both ways; carries that run
      from the lowest bin to the top; terms at, just above and just below the cut;
    - packets of 1 to 33 codes of random scale (1 ulp to the whole range) around a random base, a
      tenth of their codes special.

    In an order that mixes all kinds, so that the first `SHORT` are a fair sample.
    """
    packets = [*_fills(), *_specials(), *_shapes()]
    packets += _random_packets(PACKETS - len(packets))
    order = np.argsort(split_mix(1, len(packets)), kind="stable")
    chosen = [packets[place] for place in order]
    codes = np.concatenate(chosen).astype(np.int32)
    offsets = np.cumsum([0] + [len(packet) for packet in chosen]).astype(np.int64)
    codes.flags.writeable = offsets.flags.writeable = False
    return codes, offsets


def results_digest(codes: NDArray[np.int32], status: NDArray[np.uint32]) -> str:
    """Return the SHA-256, in hex, of (code i32, status u32) of each packet, little-endian."""
    table = np.empty((len(codes), 2), "<u4")
    table[:, 0] = codes.astype("<i4").view("<u4")
    table[:, 1] = status
    return hashlib.sha256(table.tobytes()).hexdigest()


def _spread(draws: NDArray[np.uint64], base: int, scale: int) -> NDArray[np.int64]:
    """Return finite codes in ``(base - scale, base]``, as far as there are any."""
    below = (draws % np.uint64(scale)).astype(np.int64)
    return np.clip(base - below, _LOW, _HIGH)


def _fills() -> list[NDArray[np.int64]]:
    draws = split_mix(2, _LONGEST_FILL)
    return [
        _spread(draws[:length], -_ONE * place, scale)
        for place, scale in enumerate(_SCALES[:5])
        for length in range(_LONGEST_FILL + 1)
    ]


def _specials() -> list[NDArray[np.int64]]:
    pairs = [np.array(pair) for pair in product(_SPECIAL, repeat=2)]
    repeated = [
        np.full(count, code) for code in _SPECIAL for count in (1, 2, 3, 4, 7, 8, 9, 16, 31, 64)
    ]
    return pairs + repeated


def _shapes() -> list[NDArray[np.int64]]:
    stairs = -_BIN * np.arange(13)
    carries = np.append(-_ONE * np.arange(1, 60), -_ONE * 59)
    cuts = [
        np.array([0] + [-_WINDOW + offset] * count)
        for offset in (-_BIN, -_ONE, -1, 0, 1, _ONE - 1, _ONE)
        for count in (1, 2, 9, 100)
    ]
    shifts = (-3000 * _BIN, -1, 0, 1, _ONE - 1, 3000 * _BIN)
    return [
        shape + shift
        for shape in (stairs, stairs[::-1], carries, carries[::-1], *cuts)
        for shift in shifts
    ]


def _random_packets(count: int) -> list[NDArray[np.int64]]:
    kinds, bases = split_mix(3, count), split_mix(4, count)
    lengths = np.array(_LENGTHS)[(kinds % np.uint64(len(_LENGTHS))).astype(np.int64)]
    scales = [_SCALES[int(kind >> np.uint64(32)) % len(_SCALES)] for kind in kinds]
    starts = np.cumsum(lengths) - lengths
    draws, chance = split_mix(5, int(lengths.sum())), split_mix(6, int(lengths.sum()))
    special = np.array(_SPECIAL)[((chance >> np.uint64(8)) % np.uint64(len(_SPECIAL))).astype(int)]
    is_special = chance % np.uint64(10) == 0
    packets = []
    for start, length, scale, base in zip(starts, lengths, scales, bases, strict=True):
        part = slice(start, start + length)
        centre = int(base & np.uint64(0xFFFF_FFFF)) - (1 << 31)
        packet = _spread(draws[part], centre, scale)
        packets.append(np.where(is_special[part], special[part], packet))
    return packets
