"""Increments that count in part: of old reports, of sources that are trusted less."""

import numpy as np
from numpy.typing import ArrayLike

from consilience.errors import BadInput
from consilience.numbers.arrays import Codes, plain_array
from consilience.numbers.convert import as_codes
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.number_formats import ONE

__all__ = ["weighted_increments"]

_ZERO = Q16_16.log_of_zero
_BITS = Q16_16.fraction_bits


def weighted_increments(
    increments: ArrayLike, weight: ArrayLike, *, known_before: bool = False
) -> Codes:
    """Return increments of which only a part counts; what is promised stays.

    With w in 0 .. 1 the power ``E**w`` of an e-value E is one too (its mean is at most the mean's
    power), but only if w was known before the observation. A weight that depends on it, as an age
    or a delay may, must not take evidence away from good behaviour: then x below 0 stays whole.

    Parameters
    ----------
    increments : int32 array_like, shape (n,) or (n, K)
        x, codes.
    weight : integers, shape (n,) or ()
        0 .. 65536, of which 65536 is 1, as `Discount` gives them.
    known_before : bool
        Whether the weight was fixed before the observation, whatever it would be. If so, x becomes
        ``floor(w x / 65536)``; a weight of 0 gives 0 also for the log of zero.

    Returns
    -------
    int32 array, of the shape of `increments`

    Raises
    ------
    BadInput
        No codes, weights out of range, or shapes that do not fit.
    """
    x = as_codes(increments, "increments").astype(np.int64)
    w = plain_array(weight, "weight")
    if w.dtype.kind not in "iu" or (w.shape not in ((), x.shape[:1])):
        raise BadInput(f"weight must be integers, one for each of {x.shape[:1]} rows, or one")
    if w.size and (int(w.min()) < 0 or int(w.max()) > ONE):
        raise BadInput(f"a weight is in 0 .. {ONE} (= 1)")
    w = w.astype(np.int64)
    w = w.reshape(w.shape + (1,) * (x.ndim - w.ndim)) if w.ndim else w
    part = (w * x) >> _BITS
    if known_before:
        found = np.where(x == _ZERO, np.where(w == 0, 0, _ZERO), part)
    else:
        found = np.where(x < 0, x, part)
    return found.astype(np.int32)
