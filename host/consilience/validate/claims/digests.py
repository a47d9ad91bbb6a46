"""One digest for all: the fixed set of packets, on every device."""

from functools import partial

import numpy as np

from consilience.validate.bench import CPU, SIM, Bench
from consilience.validate.claim import Claim
from consilience.validate.finding import Finding
from consilience_sim.reference.vectors import (
    FULL_DIGEST,
    SHORT,
    SHORT_DIGEST,
    results_digest,
    vector_set,
)

__all__ = ["claims", "digest_finding"]

_AT_ONCE = 5_000
"""Packets of a call: so often is told how far it is."""


def claims(devices: tuple[str, ...]) -> list[Claim]:
    """Return a claim for each device: both digests, of all packets and of the first ones."""
    return [
        Claim(
            f"correctness.digest.{url}",
            f"{url} gives for the fixed set of packets the bits that all implementations share, "
            f"SHA-256 {FULL_DIGEST}",
            partial(digest_finding, url=url),
            {CPU: 2.0, SIM: 6.0}.get(url, 20.0),
        )
        for url in devices
    ]


def digest_finding(bench: Bench, url: str) -> Finding:
    """Sum all packets, or for slow boards the first ones in a quick run; compare digests."""
    codes, offsets = vector_set()
    packets = len(offsets) - 1
    results, status = np.empty(packets, np.int32), np.empty(packets, np.uint32)
    device = bench.device(url)
    for first in bench.steps(packets, _AT_ONCE):
        last = min(first + _AT_ONCE, packets)
        bounds = offsets[first : last + 1]
        found = device.reduce_with_status(codes[bounds[0] : bounds[-1]], bounds - bounds[0])
        results[first:last], status[first:last] = found
    digests = results_digest(results, status), results_digest(results[:SHORT], status[:SHORT])
    wrong = sum(one != pinned for one, pinned in zip(digests, _PINNED, strict=True))
    return Finding(
        f"{packets:,} packets of {len(codes):,} codes, and the first {SHORT:,} of them",
        packets,
        wrong,
        worst=f"{digests[0]}; the first {SHORT:,}: {digests[1]}",
        bound=f"{_PINNED[0]}; the first {SHORT:,}: {_PINNED[1]}",
    )


_PINNED = (FULL_DIGEST, SHORT_DIGEST)
