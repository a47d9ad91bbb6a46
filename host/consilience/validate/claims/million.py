"""A million agents, a million points of evidence: one digest for all devices.

The input is made of integers alone, as the fixed set of packets is. The golden model judges all of
it again in each run; the digests are pinned, so that two machines need compare nothing else.
"""

import hashlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from consilience.numbers.arrays import Codes
from consilience.validate.bench import CPU, SIM, Bench
from consilience.validate.claim import Claim
from consilience.validate.finding import Finding
from consilience_sim import golden
from consilience_sim.reference.vectors import split_mix

__all__ = ["AGENTS", "FEW", "PINNED", "PRIOR", "agent_rows", "claims", "evidence_points", "pinned"]

AGENTS = 1_000_000
POINTS = 1_000_000
FEW = 20_000
"""Agents, the first ones, that a device behind a link has in a quick run."""
PRIOR = np.array([-10_000, -190_000], np.int32)
PINNED = {
    "points": "2bf2b9f336d7786b4422d1b0d3452cd4adee497eebc73567d5e9f3d2b75ef3f6",
    "few agents": "0e14237e58af7755a16dc31bc2eed386fc7c37f8ec73bde38979059977d6efe3",
    "agents": "a16a35faf7cdaec09bf2d03425cc7ed1fae3ce642090b7c94a11b45f902dd682",
}
"""SHA-256 of log sum and status of the points, and of posteriors and status of the agents."""
_AT_ONCE = 100_000
_THOUSANDS = np.arange(0, POINTS + 1, 1_000)
_RANGE = 20 << 16
"""Evidence is between this and 0: 20 bits."""


def evidence_points() -> Codes:
    """Return a million codes: of all sizes, a tenth of them within 20 bits of the largest."""
    draws = split_mix(71, POINTS)
    wide = (draws >> np.uint64(32)).astype(np.int64) - (1 << 31)
    near = -((draws >> np.uint64(8)) % np.uint64(_RANGE)).astype(np.int64)
    return np.where(draws % np.uint64(10) == 0, near, np.minimum(wide, 0)).astype(np.int32)


def agent_rows(first: int, last: int) -> tuple[Codes, NDArray[np.int64], NDArray[np.uint32]]:
    """Return evidence (rows, 2), the agent of each row, and its weight: two rows an agent."""
    rows = np.arange(2 * first, 2 * last)
    draws = split_mix(73, 2 * AGENTS)[2 * first : 2 * last]
    evidence = np.empty((len(rows), 2), np.int32)
    evidence[:, 0] = -((draws & np.uint64(0xFFFFFF)) % np.uint64(_RANGE)).astype(np.int64)
    evidence[:, 1] = -((draws >> np.uint64(32)) % np.uint64(_RANGE)).astype(np.int64)
    weight = np.where(draws % np.uint64(4) == 0, draws % np.uint64(65_537), 65_536)
    return evidence, rows // 2, weight.astype(np.uint32)


def pinned(codes: Codes, status: NDArray[np.uint32]) -> str:
    """Return the SHA-256 of codes (i32) and status (u32), little-endian, one after the other."""
    whole = hashlib.sha256(np.ascontiguousarray(codes, "<i4").tobytes())
    whole.update(np.ascontiguousarray(status, "<u4").tobytes())
    return whole.hexdigest()


def claims(devices: tuple[str, ...]) -> list[Claim]:
    """Return two claims for each device."""
    return [one for url in devices for one in _of_device(url)]


def _of_device(url: str) -> Iterator[Claim]:
    yield Claim(
        f"correctness.million-points.{url}",
        f"{url} sums a million points of evidence to the bits that all implementations share, "
        "in one packet and in a thousand",
        lambda bench: _points(bench, url),
        {CPU: 1.0, SIM: 9.0}.get(url, 60.0),
    )
    yield Claim(
        f"correctness.million-agents.{url}",
        f"{url} gives the posteriors of a million agents (behind a link in a quick run: of "
        f"{FEW:,}) in the bits that all implementations share, and in those of the golden model",
        lambda bench: _agents(bench, url),
        {CPU: 3.0, SIM: 20.0}.get(url, 120.0),
    )


def _points(bench: Bench, url: str) -> Finding:
    codes, device = evidence_points(), bench.device(url)
    bench.progress(0, 2)
    one = device.reduce_with_status(codes)
    bench.progress(1, 2)
    many = device.reduce_with_status(codes, _THOUSANDS)
    found = pinned(np.append(one.codes, many.codes), np.append(one.status, many.status))
    codes_found = np.append(one.codes, many.codes)
    status_found = np.append(one.status, many.status)
    right = [golden.log_sums(codes, bounds) for bounds in (np.array([0, POINTS]), _THOUSANDS)]
    wrong = _mismatches(
        codes_found[:, np.newaxis],
        status_found,
        np.concatenate([one[0] for one in right])[:, np.newaxis],
        np.concatenate([one[1] for one in right]),
    )
    found = pinned(codes_found, status_found)
    return Finding(
        f"{POINTS:,} codes as one packet, and as 1,000; each sum also by the golden model",
        POINTS,
        (found != PINNED["points"]) + wrong,
        worst=f"{found}; golden mismatches {wrong}",
        bound=f"{PINNED['points']}; golden mismatches 0",
    )


def _agents(bench: Bench, url: str) -> Finding:
    device = bench.device(url)
    agents = AGENTS if url == CPU else bench.of_scale(FEW, AGENTS, AGENTS)
    posterior, status = np.empty((agents, 2), np.int32), np.empty(agents, np.uint32)
    wrong = 0
    for first in bench.steps(agents, _AT_ONCE):
        last = min(first + _AT_ONCE, agents)
        evidence, agent, weight = agent_rows(first, last)
        found = device.posterior(evidence, agent, PRIOR, weight)
        posterior[first:last], status[first:last] = found.posterior, found.status
        bounds = np.arange(0, len(evidence) + 1, 2)
        right = golden.posteriors(evidence, bounds, PRIOR, weight)
        wrong += _mismatches(found.posterior, found.status, *right)
    few, whole = pinned(posterior[:FEW], status[:FEW]), pinned(posterior, status)
    expected = PINNED["agents" if agents == AGENTS else "few agents"]
    return Finding(
        f"{agents:,} agents with 2 weighted rows and 2 hypotheses each; each also by the golden "
        "model",
        agents,
        (few != PINNED["few agents"]) + (whole != expected) + wrong,
        worst=f"{whole}; the first {FEW:,}: {few}; golden mismatches {wrong}",
        bound=f"{expected}; the first {FEW:,}: {PINNED['few agents']}; golden mismatches 0",
    )


def _mismatches(
    codes: Codes, status: NDArray[np.uint32], right: Codes, flags: NDArray[np.uint32]
) -> int:
    """Return how many rows differ from those of the golden model."""
    return int(((codes != right).any(axis=1) | (status != flags)).sum())
