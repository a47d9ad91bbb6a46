"""Frozen tables: bins of scores to increments, fixed by calibration runs once and for all.

For hardware and large fleets: no history is kept, an increment is a look-up.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience.errors import BadInput
from consilience.monitor.bin_terms import bin_terms
from consilience.monitor.binomial_limits import BinomialTails, upper_limit
from consilience.monitor.frozen_bytes import (
    FrozenFields,
    checked_edges,
    hits_of,
    pack_frozen,
    unpack_frozen,
)
from consilience.monitor.promises import Exact, exact_number
from consilience.monitor.rank_terms import checked_kappas
from consilience.numbers.arrays import Codes, plain_array

__all__ = ["FrozenTable"]

_LARGEST_SCORE = (1 << 63) - 1


class FrozenTable:
    """Increments of bins of scores, higher bins more suspect; see docs/monitor.md.

    Of m bins fixed beforehand, n >= 1,000 runs of agents that behave say how often each is met.
    With probability 1 - delta over these runs the increments are e-values for all runs after them
    of the same distribution, whatever it is.

    `fit` and `fit_scores` make one.

    Parameters
    ----------
    fields : FrozenFields
        Counts, limits, delta, bets, and edges if there are any.
    """

    source: ClassVar[str] = "frozen"
    """For `Device.monitor`."""

    def __init__(self, fields: FrozenFields) -> None:
        self.fields = fields
        terms = [bin_terms(fields.limits, kappa) for kappa in fields.kappas]
        self._codes = np.array(terms, np.int32).T.copy()
        self._codes.flags.writeable = False

    @classmethod
    def fit(
        cls,
        counts: ArrayLike,
        kappas: Sequence[str | Fraction | float] = ("1/4", "1/2"),
        delta: Exact = "1/100",
    ) -> "FrozenTable":
        """Return the table of calibration runs, counted by bins.

        Parameters
        ----------
        counts : (m,) integers
            Runs in each bin, the most suspect last; 2 to 1,024 bins, 1,000 to 10**7 runs.
        kappas : sequence
            Bets, one component each: a / 2**b between 0 and 1.
        delta : number
            Probability, over the calibration runs, that the table promises too much.

        Raises
        ------
        BadInput
            Values out of range.
        """
        return cls(_fitted(counts, kappas, delta, None))

    @classmethod
    def fit_scores(
        cls,
        scores: ArrayLike,
        edges: ArrayLike,
        kappas: Sequence[str | Fraction | float] = ("1/4", "1/2"),
        delta: Exact = "1/100",
    ) -> "FrozenTable":
        """Return the table of the scores of calibration runs; a bin is the edges not above it.

        Parameters
        ----------
        scores : (n,) int64
        edges : (m - 1,) int64, ascending
            Fixed without seeing these scores.
        kappas, delta
            See `fit`.
        """
        limits = checked_edges(edges)
        bins = _bins_of(scores, limits)
        return cls(_fitted(np.bincount(bins, minlength=len(limits) + 1), kappas, delta, limits))

    @classmethod
    def from_bytes(cls, data: bytes) -> "FrozenTable":
        """Return the table of its canonical bytes; every limit in them is proved again.

        Raises
        ------
        ImpossibleState
            No counts give these bytes.
        """
        return cls(unpack_frozen(data))

    def __bytes__(self) -> bytes:
        return pack_frozen(self.fields)

    @property
    def codes(self) -> Codes:
        """Increments of every bin, int32 of shape (m, K); read-only."""
        return self._codes

    def bins(self, scores: ArrayLike) -> NDArray[np.int64]:
        """Return the bins of scores, 0 to m - 1; for a table that was fitted with edges."""
        if self.fields.edges is None:
            raise BadInput("the table has no edges; fit_scores keeps those it is given")
        return _bins_of(scores, self.fields.edges)

    def increments(self, bins: ArrayLike) -> Codes:
        """Return the increments of observations, int32 of shape (n, K).

        Parameters
        ----------
        bins : (n,) integers
            0 to m - 1, the most suspect last.
        """
        places = np.atleast_1d(plain_array(bins, "bins"))
        count = len(self._codes)
        if places.size and (places.dtype.kind not in "iu" or places.ndim != 1):
            raise BadInput(f"bins must be integers of shape (n,), not {places.dtype}")
        if ((places < 0) | (places >= count)).any():
            raise BadInput(f"a bin that is none of 0 .. {count - 1}")
        return self._codes[places.astype(np.int64)]


def _fitted(
    counts: ArrayLike,
    kappas: Sequence[str | Fraction | float],
    delta: Exact,
    edges: tuple[int, ...] | None,
) -> FrozenFields:
    whole = plain_array(counts, "counts")
    if whole.ndim != 1 or whole.dtype.kind not in "iu":
        raise BadInput(f"counts must be integers of shape (m,), not {whole.dtype} {whole.shape}")
    fields = FrozenFields(
        tuple(whole.tolist()), (), exact_number(delta, "delta"), checked_kappas(kappas), edges
    )
    fields.check()
    hits = hits_of(fields.counts)
    tails = BinomialTails(hits[0], hits)
    beyond = fields.delta / len(hits)
    # The first limit is 1, as all runs hit; and fewer hits never have a higher limit.
    limits = tuple(upper_limit(tails, one, hits[0], beyond) for one in hits)
    return fields._replace(limits=limits)


def _bins_of(scores: ArrayLike, edges: tuple[int, ...]) -> NDArray[np.int64]:
    values = np.atleast_1d(plain_array(scores, "scores"))
    if values.size and (values.dtype.kind not in "iu" or values.ndim != 1):
        raise BadInput(
            f"scores must be integers (int64) of shape (n,), not {values.dtype}; multiply and "
            "round as you like, always alike"
        )
    if (values > _LARGEST_SCORE).any():
        raise BadInput(f"a score above {_LARGEST_SCORE}: they are integers of 64 bits, signed")
    values = values.astype(np.int64)
    return np.searchsorted(np.array(edges, np.int64), values, side="right").astype(np.int64)
