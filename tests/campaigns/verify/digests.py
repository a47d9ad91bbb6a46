"""One digest of the fixed vector set (`reference.vectors`) on every implementation."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

import consilience as cs
from consilience_sim import golden
from consilience_sim.reference.vectors import (
    FULL_DIGEST,
    SHORT,
    SHORT_DIGEST,
    results_digest,
    vector_set,
)
from tests.campaigns.verify.implementations import compiled, netlists
from tests.campaigns.verify.step import Claim, Findings, Progress, Scale

__all__ = ["FULL_DIGEST", "SHORT_DIGEST", "run"]

Sums = Callable[
    [NDArray[np.int32], NDArray[np.int64]], tuple[NDArray[np.int32], NDArray[np.uint32]]
]


def run(scale: Scale, progress: Progress) -> Findings:
    """Compute both digests of each; the slice takes the short set alone."""
    codes, offsets = vector_set()
    packets = len(offsets) - 1 if scale is Scale.FULL else SHORT
    offsets = offsets[: packets + 1]
    codes = codes[: offsets[-1]]
    expected = FULL_DIGEST if scale is Scale.FULL else SHORT_DIGEST
    findings = Findings()
    implementations = list(_implementations(scale))
    for done, (name, sums) in enumerate(implementations):
        progress(done, len(implementations))
        results, status = sums(codes, offsets)
        short = results_digest(results[:SHORT], status[:SHORT])
        whole = results_digest(results, status)
        findings.digests[name] = whole
        findings.digests[f"{name}, first {SHORT:,}"] = short
        findings.claims.append(
            Claim(
                f"{name}: the digest of {packets:,} packets is the pinned one",
                packets,
                (whole != expected) + (short != SHORT_DIGEST),
                measured=whole[:16],
                bound=expected[:16],
            )
        )
    progress(len(implementations), len(implementations))
    return findings


def _implementations(scale: Scale) -> Iterator[tuple[str, Sums]]:
    yield "golden", golden.log_sums
    for url in ("cpu", "sim"):
        yield url, _device(url)
    lanes = (1, 8) if scale is Scale.FULL else (1,)
    for one in (*compiled(lanes), *netlists(scale)):
        yield one.name, lambda codes, offsets, one=one: one.sums(codes, offsets, scattered=False)


def _device(url: str) -> Sums:
    def sums(
        codes: NDArray[np.int32], offsets: NDArray[np.int64]
    ) -> tuple[NDArray[np.int32], NDArray[np.uint32]]:
        with cs.open(url) as device:
            return device.reduce_with_status(codes, offsets)

    return sums
