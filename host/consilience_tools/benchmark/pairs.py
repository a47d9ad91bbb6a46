"""Two ways to one thing, called in turn in one process: processor time, the best of some rounds.

A busy machine lengthens both, and the best of them least; so a ratio of the two says more than
either.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.special import logsumexp as scipy_sum

from consilience.devices.cpu import CpuDevice
from consilience.devices.logsumexp import logsumexp
from consilience.devices.opening import open_device
from consilience.exact.log_sum import LogSum
from consilience.numbers.convert import from_codes, to_codes
from consilience_tools.benchmark.plan import BesidePlan, Report, staged
from consilience_tools.benchmark.workload import DATA_SETS, evidence_of, float_posterior

__all__ = ["Pair", "best_seconds", "paired_calls"]

Call = Callable[[], object]
Clock = Callable[[], float]

_SEED = 1
_ROW = 1_000
_SHORT = 3


@dataclass(frozen=True)
class Pair:
    """Times of two ways.

    Parameters
    ----------
    title, beside : str
        What was done, and by what else.
    elements : int
        Of a call.
    ns, ns_beside : float
        Per element.
    clock : str
        "processor" or "wall".
    """

    title: str
    beside: str
    elements: int
    ns: float
    ns_beside: float
    clock: str = "processor"

    @property
    def ratio(self) -> float:
        """How many times faster than what it stands beside."""
        return self.ns_beside / self.ns


def best_seconds(
    calls: Mapping[str, Call], rounds: int, clock: Clock = time.process_time
) -> dict[str, float]:
    """Return the least time of each call; all are called in turn, once before for caches."""
    best = dict.fromkeys(calls, float("inf"))
    for call in calls.values():
        call()
    for number in range(rounds):
        for name in list(calls)[:: -1 if number % 2 else 1]:
            start = clock()
            calls[name]()
            best[name] = min(best[name], clock() - start)
    return best


def paired_calls(plan: BesidePlan, report: Report) -> list[Pair]:
    """Time the cpu device beside SciPy, and its own ways beside each other."""
    found = []
    with CpuDevice() as device, open_device("cpu?threads=all") as threads:
        makers = [
            partial(_sums, device, threads, plan),
            partial(_floats, plan),
            partial(_posteriors, device, plan),
        ]
        for make, advance in staged(report, "cpu: pairs", makers):
            for number, (title, beside, elements, ours, theirs) in enumerate(make()):
                wall = "threads" in title
                clock = time.perf_counter if wall else time.process_time
                best = best_seconds({"ours": ours, "theirs": theirs}, plan.rounds, clock)
                own, other = (best[name] / elements * 1e9 for name in ("ours", "theirs"))
                kind = "wall" if wall else "processor"
                found.append(Pair(title, beside, elements, own, other, kind))
                advance(number / (number + 1))
    return found


_Calls = Iterator[tuple[str, str, int, Call, Call]]


def _sums(device: CpuDevice, threads: object, plan: BesidePlan) -> _Calls:
    n = plan.elements
    nats = DATA_SETS["normal"].draw(np.random.default_rng(_SEED), n)
    codes = to_codes(nats)
    reduce = partial(device.reduce, codes)
    yield "reduce", "SciPy", n, reduce, partial(scipy_sum, nats)
    yield (
        "to_codes + reduce",
        "SciPy",
        n,
        lambda: device.reduce(to_codes(nats)),
        partial(scipy_sum, nats),
    )
    yield "LogSum.of", "reduce", n, partial(LogSum.of, codes), reduce
    shared = partial(threads.reduce, codes)  # type: ignore[attr-defined]
    yield "reduce, all threads", "one thread", n, shared, reduce


def _floats(plan: BesidePlan) -> _Calls:
    n = plan.elements
    rng = np.random.default_rng(_SEED)
    nats = DATA_SETS["normal"].draw(rng, n)
    short = nats[: n // 10 // _SHORT * _SHORT].reshape(-1, _SHORT)
    rows = nats[: n // 3 // _ROW * _ROW].reshape(-1, _ROW)
    factors = rng.random(rows.shape)
    single = nats.astype(np.float32)
    cases: list[tuple[str, object, dict[str, object]]] = [
        ("logsumexp, float64", nats, {}),
        ("logsumexp, float32", single, {}),
        (f"logsumexp, axis 1 of rows of {_ROW:,}, keepdims", rows, {"axis": 1, "keepdims": True}),
        (f"logsumexp, axis 0 of rows of {_ROW:,}", rows, {"axis": 0}),
        (f"logsumexp, axis 1 of rows of {_ROW:,}, b", rows, {"axis": 1, "b": factors}),
        (f"logsumexp, axis 1 of rows of {_SHORT}", short, {"axis": 1}),
    ]
    for title, values, options in cases:
        ours: Call = partial(logsumexp, values, **options)  # type: ignore[arg-type]
        yield title, "SciPy", np.size(values), ours, partial(scipy_sum, values, **options)  # type: ignore[arg-type]


def _posteriors(device: CpuDevice, plan: BesidePlan) -> _Calls:
    evidence, agent, prior = evidence_of(plan.agents, 2)
    order = np.random.default_rng(_SEED).permutation(len(agent))
    rows, ids = evidence[order], agent[order]
    firsts = np.flatnonzero(np.diff(agent, prepend=-1))
    theirs = partial(float_posterior, from_codes(evidence), firsts, from_codes(prior))
    by_agent = partial(device.posterior, evidence, agent, prior)
    yield "posterior, H = 2, by agent", "SciPy, by agent", plan.agents, by_agent, theirs
    anyhow = partial(device.posterior, rows, ids, prior)
    yield "posterior, H = 2, any order", "SciPy, by agent", plan.agents, anyhow, theirs
