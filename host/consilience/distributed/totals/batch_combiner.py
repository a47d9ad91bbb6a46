"""Merging as a batch engine runs it: the four verbs of a combiner."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from consilience.distributed.totals.evidence_sums import EvidenceSums

__all__ = ["EvidenceCombine", "EvidenceRows"]


class EvidenceRows(NamedTuple):
    """Rows of evidence as `EvidenceSums.add` takes them."""

    agents: Any
    codes: NDArray[np.int32]
    weight: NDArray[np.uint32] | None = None


class EvidenceCombine:
    """Sums of evidence by the verbs of Beam's ``CombineFn``; accumulators are canonical bytes.

    Associative and commutative exactly, so an engine may split and merge as it likes.

    Parameters
    ----------
    hypotheses : sequence of str
    """

    def __init__(self, hypotheses: Sequence[str]) -> None:
        self.hypotheses = tuple(hypotheses)

    def create(self) -> bytes:
        """Return the accumulator of no rows."""
        return bytes(EvidenceSums(self.hypotheses))

    def add_input(self, accumulator: bytes, rows: EvidenceRows) -> bytes:
        """Return the accumulator with rows added."""
        return bytes(EvidenceSums.from_bytes(accumulator).add(*rows))

    def merge_accumulators(self, accumulators: Iterable[bytes]) -> bytes:
        """Return the sum of accumulators."""
        total = EvidenceSums(self.hypotheses)
        for accumulator in accumulators:
            total.merge(EvidenceSums.from_bytes(accumulator))
        return bytes(total)

    def extract_output(self, accumulator: bytes) -> EvidenceSums:
        """Return the state of an accumulator."""
        return EvidenceSums.from_bytes(accumulator)
