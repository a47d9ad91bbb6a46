"""What a frozen table is made of, and its canonical bytes: what no counts give is refused.

Little-endian: magic ``CNFT``, version u16, format id u32, K u8, flags u8 (1: edges), bins u32,
delta as two u64, reduced; each bet's numerator u16 and halvings u8; counts u64 each; limits u64
each, in units of 2**-32; with edges these, i64 each, one fewer than bins.
"""

import itertools
import struct
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from consilience.errors import BadInput, ImpossibleState
from consilience.monitor.binomial_limits import SCALE, BinomialTails
from consilience.monitor.byte_parts import ByteReader, packed_bets
from consilience.numbers.arrays import plain_array
from consilience_hw.spec.log_format import Q16_16

__all__ = ["FrozenFields", "checked_edges", "hits_of", "pack_frozen", "unpack_frozen"]

MAGIC = b"CNFT"
VERSION = 1
LEAST_RUNS, MOST_RUNS = 1_000, 10**7
"""Fewer say too little of high bins; more would take minutes to prove limits of."""
MOST_BINS = 1_024
_HEADER = struct.Struct("<4sHIBBIQQ")
_EDGES = 1


class FrozenFields(NamedTuple):
    """A table for an auditor: all that its increments follow from.

    Parameters
    ----------
    counts : tuple of int
        Calibration runs in each of m bins.
    limits : tuple of int
        U_1 .. U_m in units of 2**-32: upper limits of the probability of this bin or a higher one,
        each wrong with probability delta / m at most.
    delta : Fraction
    kappas : tuple of Fraction
        Bets, one component each.
    edges : tuple of int or None
        m - 1 scores: a bin is the number of edges not above a score.
    """

    counts: tuple[int, ...]
    limits: tuple[int, ...]
    delta: Fraction
    kappas: tuple[Fraction, ...]
    edges: tuple[int, ...] | None

    def check(self) -> None:
        """Raise BadInput unless counts and delta are in range."""
        if not 2 <= len(self.counts) <= MOST_BINS:
            raise BadInput(f"{len(self.counts)} bins: 2 to {MOST_BINS}")
        if min(self.counts) < 0:
            raise BadInput("counts are 0 or more")
        if not LEAST_RUNS <= sum(self.counts) <= MOST_RUNS:
            raise BadInput(
                f"{sum(self.counts):,} calibration runs: {LEAST_RUNS:,} to {MOST_RUNS:,}; with "
                "fewer take ConformalRanks, which need 100 of an agent"
            )
        if not 0 < self.delta < 1 or self.delta.denominator >= 1 << 64:
            raise BadInput(f"delta {self.delta}: between 0 and 1, of 64 bits, as 1/100")


def hits_of(counts: tuple[int, ...]) -> tuple[int, ...]:
    """Return how many runs were in each bin or a higher one."""
    return tuple(itertools.accumulate(reversed(counts)))[::-1]


def checked_edges(edges: ArrayLike) -> tuple[int, ...]:
    """Return edges; BadInput unless they are int64 and ascend."""
    values = plain_array(edges, "edges")
    if values.ndim != 1 or values.dtype.kind != "i" or not (np.diff(values) > 0).all():
        raise BadInput("edges must be integers (int64), ascending, one fewer than bins")
    return tuple(values.tolist())


def pack_frozen(fields: FrozenFields) -> bytes:
    """Return the bytes of a table."""
    edges = fields.edges or ()
    head = _HEADER.pack(
        MAGIC,
        VERSION,
        Q16_16.identifier,
        len(fields.kappas),
        _EDGES * (fields.edges is not None),
        len(fields.counts),
        fields.delta.numerator,
        fields.delta.denominator,
    )
    numbers = struct.pack(f"<{2 * len(fields.counts)}Q", *fields.counts, *fields.limits)
    return head + packed_bets(fields.kappas) + numbers + struct.pack(f"<{len(edges)}q", *edges)


def unpack_frozen(data: bytes) -> FrozenFields:
    """Return the fields of the bytes of a table.

    Raises
    ------
    ImpossibleState
        Another magic, version or format; values out of range; a limit that is not the least one;
        bytes missing or left over.
    """
    try:
        fields = _unpack(data)
    except (struct.error, ValueError, ZeroDivisionError) as error:
        raise ImpossibleState(f"the bytes are no frozen table ({error})") from None
    if pack_frozen(fields) != data:
        raise ImpossibleState("the bytes are not those that a frozen table of these values has")
    return fields


def _unpack(data: bytes) -> FrozenFields:
    reader = ByteReader(data, "frozen table")
    magic, version, identifier, k, flags, bins, numerator, denominator = reader.take(_HEADER)
    if (magic, version, identifier) != (MAGIC, VERSION, Q16_16.identifier) or flags > _EDGES:
        raise ImpossibleState("they are of another kind, version or number format")
    kappas = reader.bets(k)
    counts, limits = reader.numbers("Q", bins), reader.numbers("Q", bins)
    edges = reader.numbers("q", bins - 1) if flags else None
    reader.end()
    if edges is not None and any(a >= b for a, b in itertools.pairwise(edges)):
        raise ImpossibleState("edges do not ascend")
    fields = FrozenFields(counts, limits, Fraction(numerator, denominator), kappas, edges)
    fields.check()
    _prove(fields)
    return fields


def _prove(fields: FrozenFields) -> None:
    """Raise ImpossibleState unless every limit is the least that holds for its count."""
    hits = hits_of(fields.counts)
    runs, beyond = hits[0], fields.delta / len(hits)
    tails = BinomialTails(runs, hits)
    for number, (one, limit) in enumerate(zip(hits, fields.limits, strict=True), 1):
        if one == runs:
            least = limit == SCALE
        else:
            least = (
                0 < limit <= SCALE
                and tails.is_at_most(one, limit, beyond)
                and not tails.is_at_most(one, limit - 1, beyond)
            )
        if not least:
            raise ImpossibleState(f"limit {number} is not the upper limit of {one} in {runs} runs")
