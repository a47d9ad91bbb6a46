"""The same again: results of repeated calls, cycles, and how much processor time varies."""

import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from consilience.exact.log_sum import LogSum
from consilience.numbers.arrays import Codes
from consilience.validate.bench import CPU, SIM, Bench
from consilience.validate.claim import Claim
from consilience.validate.claims.scaling import normal_codes
from consilience.validate.finding import Finding
from consilience.validate.statistics import variation, variation_limit

__all__ = ["MOST_VARIATION", "claims"]

MOST_VARIATION = 0.1
"""Upper limit of the coefficient of variation of processor time."""
_COUNT = 1_000_000
_SMALL = 20_000
_SEED = 91
_BEST_OF = 10
_TIMED = 4_000_000
_STUFFED = 254
"""Bytes without a zero, after which COBS adds one."""


def claims(devices: tuple[str, ...]) -> list[Claim]:
    """Return the claims: results on each device; cycles of the simulated one; time on the cpu."""
    made = [
        Claim(
            f"consistency.results.{url}",
            f"repeated and shuffled calls on {url} give one result, and parts merged in any tree "
            "its state, bit for bit: a coefficient of variation of 0",
            partial(_results, url=url),
            {CPU: 4.0, SIM: 6.0}.get(url, 30.0),
        )
        for url in devices
    ]
    if SIM in devices:
        made.append(
            Claim(
                "consistency.cycles",
                "the simulated device takes the same number of cycles for a call each time, but "
                f"for the bytes that framing adds, at most one in {_STUFFED}: which they are "
                "depends on the numbers of frames",
                _cycles,
                2.0,
            )
        )
    made.append(
        Claim(
            "consistency.time",
            "the coefficient of variation of the processor time of a log sum is at most "
            f"{MOST_VARIATION}",
            _time,
            2.0,
        )
    )
    return made


def _results(bench: Bench, url: str) -> Finding:
    device = bench.device(url)
    count = _COUNT if url == CPU else _SMALL
    codes, rng = normal_codes(count, _SEED), np.random.default_rng(_SEED)
    times = bench.of_scale(10, 30, 100)
    whole = LogSum.of(codes)
    results, states = [], 0
    for place in bench.steps(times):
        shuffled = codes if place % 2 else rng.permutation(codes)
        results.append(int(device.reduce(shuffled)[0]))
        states += bytes(_merged(shuffled, rng)) != bytes(whole)
    other = sum(one != whole.code for one in results)
    spread = variation([float(one) for one in results])
    return Finding(
        f"{times} calls with {count:,} codes, every second one shuffled; as many random splits "
        f"into 2 to 64 parts, merged in random trees (seed {_SEED})",
        2 * times,
        other + states,
        worst=f"{other} results and {states} states differ, coefficient of variation {spread:g}",
        bound="0 differ, coefficient of variation 0",
    )


def _merged(codes: Codes, rng: np.random.Generator) -> LogSum:
    """Return the state of codes that were split at random and merged in a random tree."""
    cuts = np.sort(rng.integers(0, len(codes) + 1, int(rng.integers(1, 64))))
    parts = [LogSum.of(part) for part in np.split(codes, cuts)]
    while len(parts) > 1:
        one = parts.pop(int(rng.integers(len(parts))))
        place = int(rng.integers(len(parts)))
        parts[place] = parts[place].merge(one)
    return parts[0]


def _cycles(bench: Bench) -> Finding:
    device, codes = bench.device(SIM), normal_codes(_SMALL, _SEED)
    times = bench.of_scale(10, 30, 30)
    device.reduce(codes)
    counts = []
    for _ in bench.steps(times):
        before = device.info.counters["cycles"]
        device.reduce(codes)
        counts.append(device.info.counters["cycles"] - before)
    apart = max(counts) - min(counts)
    return Finding(
        f"{times} calls with {_SMALL:,} codes",
        times,
        int(apart > max(counts) // _STUFFED),
        bound=f"apart by no more than a cycle in {_STUFFED}: the link takes a byte a cycle",
        measured={"fewest cycles": min(counts), "most cycles": max(counts)},
    )


def _time(bench: Bench) -> Finding:
    device, codes = bench.device(CPU), normal_codes(_TIMED, _SEED)
    runs = bench.of_scale(20, 50, 200)
    device.reduce(codes)
    seconds = [min(_timed(device.reduce, codes)) for _ in bench.steps(runs)]
    found = variation(seconds)
    limit = variation_limit(found, runs)
    return Finding(
        f"{runs} times the least processor time of {_BEST_OF} log sums of {_TIMED:,} codes",
        runs,
        int(limit is None or limit > MOST_VARIATION),
        bound=f"upper limit of the coefficient of variation at most {MOST_VARIATION}",
        interval="95 %, Vangel's modification of McKay's approximation",
        measured={
            "coefficient": found,
            "upper limit": limit,
            "least seconds": min(seconds),
            "median seconds": sorted(seconds)[runs // 2],
        },
    )


def _timed(action: Callable[[Codes], object], codes: Codes) -> Iterator[float]:
    for _ in range(_BEST_OF):
        begun = time.process_time()
        action(codes)
        yield time.process_time() - begun
