"""Time against n: linear where others recompute, with the fitted exponents and their intervals."""

import time
from collections.abc import Callable, Sequence

import numpy as np

from consilience.devices.device import Device
from consilience.numbers.arrays import Codes
from consilience.validate.bench import CPU, SIM, Bench
from consilience.validate.claim import Claim
from consilience.validate.finding import Finding, NotRun
from consilience.validate.statistics import Slope, log_slope
from consilience_hw.spec.log_format import Q16_16
from consilience_sim.reference.vectors import split_mix

__all__ = ["LINEAR", "claims", "fitted", "normal_codes", "spread"]

LINEAR = 1.1
"""Upper limit of the exponent, at 99 %, that still counts as linear."""
_CONFIDENCE = 0.99
_ROUNDS = 5
_POINTS = 24
_AT_ONCE = 1 << 22
"""Codes of a call that recomputes."""
_METHOD = "99 %, Student's t of a least squares fit of the logarithms"


def claims(devices: tuple[str, ...]) -> list[Claim]:
    """Return the claims: processor time on the cpu, exact cycles of the simulated device."""
    made = [
        Claim(
            "scaling.sums",
            f"the time of a log sum grows with n to a power below {LINEAR}",
            _sums,
            6.0,
        ),
        Claim(
            "scaling.leave-one-out",
            "the log sums of all the others, for each of n codes, take time that grows with n to "
            f"a power below {LINEAR}, where recomputing each from scratch, which gives the same "
            "bits, grows with a higher one",
            _leave_one_out,
            8.0,
        ),
    ]
    if SIM in devices:
        made.append(
            Claim(
                "scaling.cycles",
                "each further code costs the simulated device at most 5 cycles, however many came "
                "before it",
                _cycles,
                8.0,
            )
        )
    return made


def normal_codes(count: int, seed: int) -> Codes:
    """Return codes within 20 bits below zero, made of integers alone."""
    return -(split_mix(seed, count) % np.uint64(20 << 16)).astype(np.int64).astype(np.int32)


def fitted(action: Callable[[int], object], sizes: Sequence[int]) -> tuple[Slope, list[float]]:
    """Return the exponent of processor time against n, and the least times of all rounds.

    Sizes take turns, so that a disturbance hits all alike; small ones are repeated, so that none
    is as short as what the clock cannot tell.
    """
    for n in sizes:
        action(n)
    least = [float("inf")] * len(sizes)
    for _ in range(_ROUNDS):
        for place, n in enumerate(sizes):
            calls = max(1, sizes[-1] // n // 4)
            begun = time.process_time()
            for _ in range(calls):
                action(n)
            least[place] = min(least[place], (time.process_time() - begun) / calls)
    return log_slope(sizes, least, _CONFIDENCE), least


def _sums(bench: Bench) -> Finding:
    sizes = spread(10_000, bench.of_scale(3_000_000, 10_000_000, 100_000_000))
    codes, device = normal_codes(sizes[-1], 81), bench.device(CPU)
    slope, seconds = fitted(lambda n: device.reduce(codes[:n]), sizes)
    return Finding(
        f"reduce of {sizes[0]:,} to {sizes[-1]:,} codes on the cpu, {len(sizes)} sizes, the least "
        f"processor time of {_ROUNDS} rounds",
        len(sizes),
        int(slope.high > LINEAR),
        bound=f"upper limit of the exponent at most {LINEAR}",
        interval=_METHOD,
        measured={"exponent": slope._asdict(), "seconds": _by_size(sizes, seconds)},
    )


def _leave_one_out(bench: Bench) -> Finding:
    sizes = spread(10_000, bench.of_scale(300_000, 1_000_000, 10_000_000))
    few = spread(500, bench.of_scale(4_000, 8_000, 32_000), 12)
    codes, device = normal_codes(sizes[-1], 83), bench.device(CPU)
    ours, seconds = fitted(lambda n: device.leave_one_out(codes[:n]), sizes)
    bench.progress(1, 2)
    theirs, scratch_seconds = fitted(lambda n: _from_scratch(device, codes[:n]), few)
    wrong = sum(
        int((device.leave_one_out(codes[:n]) != _from_scratch(device, codes[:n])).sum())
        for n in few
    )
    slow = (ours.high > LINEAR) + (ours.high >= theirs.low)
    return Finding(
        f"leave_one_out of {sizes[0]:,} to {sizes[-1]:,} codes on the cpu, {len(sizes)} sizes, "
        f"beside n sums of n - 1 codes for {len(few)} sizes from {few[0]:,} to {few[-1]:,}: the "
        f"least processor time of {_ROUNDS} rounds, and all bits compared",
        sum(few),
        wrong + slow,
        worst=f"{wrong} codes differ",
        bound=f"0 codes differ; upper limit of the exponent at most {LINEAR} and below the lower "
        "limit of that from scratch",
        interval=_METHOD,
        measured={
            "exponent": ours._asdict(),
            "from scratch": theirs._asdict(),
            "seconds": _by_size(sizes, seconds),
            "seconds from scratch": _by_size(few, scratch_seconds),
        },
    )


def spread(least: int, most: int, count: int = _POINTS) -> list[int]:
    """Return so many sizes at equal ratios."""
    return [round(least * (most / least) ** (place / (count - 1))) for place in range(count)]


def _from_scratch(device: Device, codes: Codes) -> Codes:
    """Return the log sum of all the others for each code: n sums, with the code itself as zero."""
    n = len(codes)
    rows = max(1, _AT_ONCE // n)
    found = np.empty(n, np.int32)
    for first in range(0, n, rows):
        own = np.arange(first, min(first + rows, n))
        others = np.tile(codes, (len(own), 1))
        others[own - first, own] = Q16_16.log_of_zero
        found[own] = device.reduce(others.ravel(), np.arange(0, others.size + 1, n))
    return found


def _cycles(bench: Bench) -> Finding:
    device = bench.device(SIM)
    if "cycles" not in device.info.counters:
        raise NotRun(f"{SIM} tells no cycles")
    sizes = (10_000, 20_000, 100_000, bench.of_scale(200_000, 1_000_000, 1_000_000))
    codes = normal_codes(sizes[-1], 85)
    counts = []
    for n in sizes:
        before = device.info.counters["cycles"]
        device.reduce(codes[:n])
        counts.append(device.info.counters["cycles"] - before)
    each = [
        (more - fewer) / (n - m)
        for m, n, fewer, more in zip(sizes, sizes[1:], counts, counts[1:], strict=False)
    ]
    return Finding(
        f"cycles of one packet of {', '.join(f'{n:,}' for n in sizes)} codes through the link",
        len(each),
        sum(one > 5 for one in each),
        bound="5 cycles a code: one a byte, and what frames add",
        # Framing adds a byte or not by the numbers of frames: they are not the same in each run.
        measured={
            "most cycles a code": max(each),
            **{f"cycles of {n:,} codes": one for n, one in zip(sizes, counts, strict=True)},
        },
    )


def _by_size(sizes: Sequence[int], seconds: Sequence[float]) -> dict[str, float]:
    return {f"{n:,}": round(one, 9) for n, one in zip(sizes, seconds, strict=True)}
