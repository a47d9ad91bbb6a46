"""Posteriors from weighted evidence."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from consilience_hw.spec.flags import CLAMPS_SHIFT, ResultStatus
from consilience_hw.spec.log_format import Q16_16, LogFormat
from consilience_sim.golden.log_sum import log_sum, log_sums

__all__ = ["ONE", "posterior", "posteriors"]

ONE = 1 << 16
"""Weight 1."""


def posterior(
    rows: Sequence[Sequence[int]],
    weights: Sequence[int],
    prior: Sequence[int],
    fmt: LogFormat = Q16_16,
) -> tuple[list[int], int]:
    """Return (posterior codes, status word) of one agent: the contract, word for word."""
    sums: list[int | None] = []
    for h, start in enumerate(prior):
        column = [(int(start), ONE)]
        column += [(int(row[h]), int(weight)) for row, weight in zip(rows, weights, strict=True)]
        counted = [(code, weight) for code, weight in column if weight]
        if any(code == fmt.log_of_zero for code, _ in counted):
            sums.append(None)
        else:
            sums.append(sum(weight * code for code, weight in counted))
    possible = [value for value in sums if value is not None]
    if not possible:
        return [fmt.log_of_zero] * len(prior), int(ResultStatus.IMPOSSIBLE)
    clamps = 0
    d = []
    for value in sums:
        if value is None:
            d.append(fmt.log_of_zero)
            continue
        quotient, remainder = divmod(value - max(possible), ONE)
        if 2 * remainder > ONE or (2 * remainder == ONE and quotient % 2):
            quotient += 1
        clamps += quotient < fmt.min_code
        d.append(max(quotient, fmt.min_code))
    total, _ = log_sum(d, fmt)
    result = []
    for code in d:
        if code == fmt.log_of_zero:
            result.append(code)
            continue
        clamps += code - total < fmt.min_code
        result.append(max(code - total, fmt.min_code))
    return result, int(ResultStatus.CLAMPED if clamps else 0) | clamps << CLAMPS_SHIFT


def posteriors(
    evidence: NDArray[np.int32],
    offsets: NDArray[np.int64],
    prior: NDArray[np.int32],
    weight: NDArray[np.uint32] | None = None,
    fmt: LogFormat = Q16_16,
) -> tuple[NDArray[np.int32], NDArray[np.uint32]]:
    """Return `posterior` of every agent, whose rows are ``offsets[k] .. offsets[k + 1]``.

    Parameters
    ----------
    evidence : int32 array, shape (n, H)
        Rows grouped by agent.
    offsets : int64 array, shape (agents + 1,)
    prior : int32 array, shape (H,)
    weight : uint32 array, shape (n,), optional
        0 .. 65536; default 65536.

    Returns
    -------
    (int32 array of shape (agents, H), uint32 array of shape (agents,))
        Posterior codes and status words.
    """
    evidence = np.asarray(evidence, dtype=np.int64)
    offsets = np.asarray(offsets, dtype=np.int64)
    agents, hypotheses = len(offsets) - 1, evidence.shape[1]
    w = np.full(len(evidence), ONE) if weight is None else np.asarray(weight, dtype=np.int64)
    # The prior is a row of weight 1 in front of each agent's own.
    evidence = np.insert(evidence, offsets[:-1], np.asarray(prior, dtype=np.int64), axis=0)
    w = np.insert(w, offsets[:-1], ONE)
    starts = offsets[:-1] + np.arange(agents)

    zero = evidence == fmt.log_of_zero
    impossible = np.add.reduceat(zero & (w[:, None] > 0), starts, axis=0) > 0
    product = np.where(zero, 0, evidence) * w[:, None]
    # Two words of 16 fraction bits and the rest: sums of 2**31 rows stay inside 64 bits.
    low = np.add.reduceat(product & ONE - 1, starts, axis=0)
    high = np.add.reduceat(product >> 16, starts, axis=0) + (low >> 16)
    low &= ONE - 1

    never = np.iinfo(np.int64).min
    top_high = np.where(impossible, never, high).max(axis=1, keepdims=True)
    among = ~impossible & (high == top_high)
    top_low = np.where(among, low, 0).max(axis=1, keepdims=True)
    top_high = np.where(impossible.all(axis=1, keepdims=True), 0, top_high)
    remainder = low - top_low
    d = high - top_high + (remainder >> 16)
    remainder &= ONE - 1
    d += (remainder > ONE // 2) | ((remainder == ONE // 2) & (d % 2 == 1))
    clamps = (~impossible & (d < fmt.min_code)).sum(axis=1)
    d = np.where(impossible, fmt.log_of_zero, np.maximum(d, fmt.min_code))

    ends = np.arange(agents + 1) * hypotheses
    total = log_sums(d.reshape(-1).astype(np.int32), ends, fmt)[0].astype(np.int64)
    result = d - total[:, None]
    clamps += (~impossible & (result < fmt.min_code)).sum(axis=1)
    result = np.where(impossible, fmt.log_of_zero, np.maximum(result, fmt.min_code))
    status = (clamps << CLAMPS_SHIFT) | np.where(clamps > 0, int(ResultStatus.CLAMPED), 0)
    status = np.where(impossible.all(axis=1), int(ResultStatus.IMPOSSIBLE), status)
    return result.astype(np.int32), status.astype(np.uint32)
