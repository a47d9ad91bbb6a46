"""Many small sums on the cpu device: segments, and posteriors of many agents."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from consilience.devices.cpu import CpuDevice
from consilience.numbers.convert import from_codes, to_codes
from consilience_tools.benchmark.contest import Contender, Timing, contest
from consilience_tools.benchmark.data_sets import DATA_SETS, mixed_segments, short_segments
from consilience_tools.benchmark.other_ways import SCIPY, scipy_logsumexp
from consilience_tools.benchmark.plan import Plan
from consilience_tools.benchmark.stage import Report, Stage

__all__ = [
    "ASCENDING",
    "REDUCEAT",
    "SEGMENTS",
    "SHUFFLED",
    "PosteriorsResult",
    "SegmentsResult",
    "evidence_of",
    "posteriors",
    "segments",
]

SEGMENTS: Mapping[str, Callable[[np.random.Generator, int], NDArray[np.int64]]] = {
    "1 to 16 codes": short_segments,
    "1 to 10,000 codes, log-uniform": mixed_segments,
}
REDUCEAT = "NumPy reduceat"
ASCENDING = "posterior, by agent"
SHUFFLED = "posterior, any order"
_LOOPED = 100
"""Codes per segment from which a loop of SciPy over the segments takes no minutes."""
_SEED = 3
_ROWS = 5
"""Most rows of an agent."""


@dataclass(frozen=True)
class SegmentsResult:
    """Times of many segments in one call."""

    title: str
    codes: int
    segments: int
    timings: Mapping[str, Timing]


@dataclass(frozen=True)
class PosteriorsResult:
    """Times of one posterior per agent; elements are agents."""

    hypotheses: int
    agents: int
    rows: int
    timings: Mapping[str, Timing]


def segments(device: CpuDevice, plan: Plan, report: Report) -> list[SegmentsResult]:
    """Time `reduce` of segments beside NumPy on float64.

    Where segments are long, also beside a loop of SciPy over them.
    """
    stage = Stage(report, f"cpu: segments of {plan.segment_codes:,} codes", len(SEGMENTS))
    results = []
    for number, (title, lengths) in enumerate(SEGMENTS.items()):
        advance = stage.step(number)
        rng = np.random.default_rng(_SEED)
        codes = to_codes(DATA_SETS["normal"].draw(rng, plan.segment_codes))
        offsets = lengths(rng, len(codes))
        nats = from_codes(codes)
        actions: dict[str, Callable[[], object]] = {
            "reduce": partial(device.reduce, codes, offsets),
            REDUCEAT: partial(np.logaddexp.reduceat, nats, offsets[:-1]),
        }
        if len(codes) / (len(offsets) - 1) > _LOOPED:
            actions[SCIPY] = partial(_loop, np.split(nats, offsets[1:-1]))
        contenders = {name: Contender(action, len(codes)) for name, action in actions.items()}
        timings = contest(contenders, plan.effort, advance)
        results.append(SegmentsResult(title, len(codes), len(offsets) - 1, timings))
    stage.finish()
    return results


def _loop(parts: list[NDArray[np.float64]]) -> list[object]:
    return [scipy_logsumexp(part) for part in parts]


def posteriors(device: CpuDevice, plan: Plan, report: Report) -> list[PosteriorsResult]:
    """Time posteriors for every H: rows by agent, rows in any order, and SciPy on float64.

    SciPy's way is ``np.add.reduceat`` of rows by agent, then ``logsumexp(axis=1)``.
    """
    stage = Stage(report, f"cpu: posteriors of {plan.agents:,} agents", len(plan.hypotheses))
    results = []
    for number, hypotheses in enumerate(plan.hypotheses):
        advance = stage.step(number)
        evidence, agent, prior = evidence_of(plan.agents, hypotheses)
        order = np.random.default_rng(_SEED).permutation(len(agent))
        firsts = np.flatnonzero(np.diff(agent, prepend=-1))
        actions: dict[str, Callable[[], object]] = {
            ASCENDING: partial(device.posterior, evidence, agent, prior),
            SHUFFLED: partial(device.posterior, evidence[order], agent[order], prior),
            SCIPY: partial(_float_posterior, from_codes(evidence), firsts, from_codes(prior)),
        }
        contenders = {name: Contender(action, plan.agents) for name, action in actions.items()}
        timings = contest(contenders, plan.posterior_effort, advance)
        results.append(PosteriorsResult(hypotheses, plan.agents, len(agent), timings))
    stage.finish()
    return results


def evidence_of(
    agents: int, hypotheses: int
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int32]]:
    """Return evidence (N, H), the agent of each row (N,), ascending, and a uniform prior (H,)."""
    rng = np.random.default_rng(_SEED)
    agent = np.repeat(np.arange(agents), rng.integers(1, _ROWS + 1, agents))
    evidence = to_codes(rng.normal(-3.0, 2.0, (len(agent), hypotheses)))
    return evidence, agent, to_codes(np.full(hypotheses, -np.log(hypotheses)))


def _float_posterior(
    nats: NDArray[np.float64], firsts: NDArray[Any], prior: NDArray[np.float64]
) -> object:
    sums = np.add.reduceat(nats, firsts, axis=0) + prior
    return sums - scipy_logsumexp(sums, axis=1, keepdims=True)
