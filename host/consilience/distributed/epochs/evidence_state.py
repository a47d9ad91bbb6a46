"""The exact state into which replicas bring the evidence of reports."""

from collections.abc import Callable, Iterable
from typing import Protocol, Self

import numpy as np
from numpy.typing import ArrayLike

from consilience.distributed.epochs.reports import SignedReport, codes_of

__all__ = ["EvidenceState", "apply_reports"]


class EvidenceState(Protocol):
    """An exact state, `exact.log_sum.LogSum` or another: equal multisets have equal bytes."""

    def add(self, codes: ArrayLike, /) -> Self:
        """Add codes."""

    def remove(self, codes: ArrayLike, /) -> Self:
        """Take codes out again."""

    def __bytes__(self) -> bytes: ...


def apply_reports(
    change: Callable[[ArrayLike], object], reports: Iterable[SignedReport]
) -> tuple[int, ...]:
    """Add or remove the codes of reports; return the agents of those that hold none."""
    malformed = set()
    parts = []
    for signed in reports:
        codes = codes_of(signed.report.payload)
        if codes is None:
            malformed.add(signed.report.agent)
        else:
            parts.append(codes)
    if parts:
        change(np.concatenate(parts))
    return tuple(sorted(malformed))
