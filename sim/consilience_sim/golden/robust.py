"""Robust fusion of ratios: the contract word for word, by sorting, in Python integers."""

from collections.abc import Sequence

from consilience_hw.spec.log_format import Q16_16, LogFormat

__all__ = ["binned_ratio", "robust", "robust_pairs"]

CLIP = 128


def binned_ratio(ratio: int, unit: int, fmt: LogFormat = Q16_16) -> int:
    """Return the bin of a ratio in ulp, -128 .. 128, for a unit of `unit` ulp."""
    if ratio == fmt.log_of_zero:
        return -CLIP
    size = min((abs(ratio) + unit // 2) // unit, CLIP)
    return size if ratio > 0 else -size


def robust(
    ratios: Sequence[int], faulty: int, unit: int, threshold: int = 0, fmt: LogFormat = Q16_16
) -> tuple[int, int, int, int, int]:
    """Return (trimmed sum, trimmed count, low, high, decision) of one pair of hypotheses.

    Sums are in units of `unit` ulp; the threshold is in ulp; decision is 1, -1 or 0.

    Raises
    ------
    ValueError
        n <= 3 faulty.
    """
    n = len(ratios)
    if n <= 3 * faulty:
        raise ValueError(f"{n} reporters cannot tolerate {faulty} faulty: n must exceed 3f")
    values = sorted(binned_ratio(int(ratio), unit, fmt) for ratio in ratios)
    lowest, highest = values[:faulty], values[n - faulty :]
    total = sum(values)
    low = total - sum(value for value in highest if value > 0)
    high = total - sum(value for value in lowest if value < 0)
    decision = 1 if low * unit > threshold else -1 if high * unit < threshold else 0
    return sum(values[faulty : n - faulty]), n - 2 * faulty, low, high, decision


def robust_pairs(decisions: Sequence[int], hypotheses: int) -> list[int]:
    """Return the decisions of all pairs (0, 1), (0, 2) .. (H - 2, H - 1), all 0 if intransitive.

    1 says that a pair's first hypothesis beats its second. Intransitive is a circle of decided
    pairs.
    """
    beats = [[False] * hypotheses for _ in range(hypotheses)]
    pairs = [(a, b) for a in range(hypotheses) for b in range(a + 1, hypotheses)]
    for (a, b), decision in zip(pairs, decisions, strict=True):
        beats[a][b], beats[b][a] = decision == 1, decision == -1
    for via in range(hypotheses):
        for a in range(hypotheses):
            for b in range(hypotheses):
                beats[a][b] |= beats[a][via] and beats[via][b]
    if any(beats[h][h] for h in range(hypotheses)):
        return [0] * len(pairs)
    return [int(decision) for decision in decisions]
