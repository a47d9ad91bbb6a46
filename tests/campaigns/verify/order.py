"""Any order, any split, any tree, any lane: the same bits; in the manner of ReproBLAS' tests.

At every level: golden model and states, the compiled gateware with several numbers of lanes, and
the synthesised netlists.
"""

import random
from collections.abc import Callable, Iterator

import numpy as np

import consilience as cs
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from tests.campaigns.verify.capacity import capacity_claims
from tests.campaigns.verify.implementations import Implementation, compiled, netlists
from tests.campaigns.verify.multisets import adversarial, arrangements, random_multisets
from tests.campaigns.verify.step import Claim, Findings, Progress, Scale

__all__ = ["run"]

SEED = 11
RANDOM = {Scale.FULL: 200, Scale.SLICE: 12}
LANES = {Scale.FULL: (1, 2, 3, 5, 8, 16, 64), Scale.SLICE: (1,)}
GOLDEN_LANES = {Scale.FULL: range(1, 65), Scale.SLICE: (1, 2, 3, 5, 8, 16, 33, 64)}
SPLIT_CODES = {Scale.FULL: 100_000, Scale.SLICE: 5_000}
SPLITS = {Scale.FULL: range(1, 1025), Scale.SLICE: (1, 2, 7, 64, 1024)}
MANY = {Scale.FULL: 1 << 24, Scale.SLICE: 1 << 18}


def run(scale: Scale, progress: Progress) -> Findings:
    """Run the campaign at all levels."""
    findings = Findings(seeds={"multisets, shuffles, trees": SEED})
    implementations = [*compiled(LANES[scale]), *netlists(scale)]
    steps: list[Callable[[], Iterator[Claim]]] = [
        lambda: _golden_lanes(scale),
        lambda: _splits(scale),
        lambda: capacity_claims(),
        *(lambda one=one: _orders(one, scale) for one in implementations),
        lambda: _many_terms(scale, implementations),
    ]
    for done, step in enumerate(steps):
        progress(done, len(steps))
        findings.claims += step()
    progress(len(steps), len(steps))
    return findings


def _cases(scale: Scale) -> list[tuple[str, np.ndarray]]:
    return [*adversarial(), *random_multisets(RANDOM[scale], SEED)]


def _golden_lanes(scale: Scale) -> Iterator[Claim]:
    """Beats of 1 to 64 lanes as windows, merged in a random tree."""
    choose = random.Random(SEED)
    cases, failures, wrong = 0, 0, ""
    for name, codes in _cases(scale):
        whole = golden.window(codes)
        expected = golden.log_sum(codes.tolist())
        for lanes in GOLDEN_LANES[scale]:
            shuffled = choose.sample(codes.tolist(), len(codes))
            states = [
                golden.window(shuffled[start : start + lanes])
                for start in range(0, max(1, len(shuffled)), lanes)
            ]
            while len(states) > 1:
                left = states.pop(choose.randrange(len(states)))
                right = states.pop(choose.randrange(len(states)))
                states.append(golden.merge_windows(left, right))
            cases += 1
            if states[0] != whole or golden.log2_of_window(states[0]) != expected:
                failures += 1
                wrong = wrong or f"{name}, {lanes} lanes"
    yield Claim(
        "golden model: beats of 1 to 64 lanes, merged in random trees, are the window of the whole",
        cases,
        failures,
        detail=wrong,
    )


def _splits(scale: Scale) -> Iterator[Claim]:
    """Splits into 1 to 1,024 parts, merged in random trees: the bytes of the states."""
    choose = random.Random(SEED)
    rng = np.random.default_rng(SEED)
    codes = np.rint(rng.normal(-20, 30, SPLIT_CODES[scale]) * 65536).astype(np.int32)
    for kind in (cs.LogSum, cs.WindowSum):
        whole = bytes(kind.of(codes))
        cases, failures = 0, 0
        for parts in SPLITS[scale]:
            borders = sorted(choose.sample(range(len(codes)), parts - 1))
            states = [kind.of(part) for part in np.split(rng.permutation(codes), borders)]
            while len(states) > 1:
                left = states.pop(choose.randrange(len(states)))
                right = states.pop(choose.randrange(len(states)))
                states.append(left.merge(right))
            cases += 1
            failures += bytes(states[0]) != whole
        yield Claim(
            f"{kind.__name__}: {len(codes):,} shuffled codes in 1 to {max(SPLITS[scale]):,} parts, "
            "merged in random trees, give the same bytes",
            cases,
            failures,
        )


def _orders(one: Implementation, scale: Scale) -> Iterator[Claim]:
    """All arrangements of all multisets as packets, in random lanes."""
    packets, expected, names = [], [], []
    for name, codes in _cases(scale):
        right = golden.log_sum(codes.tolist())
        for order, arranged in arrangements(codes, SEED):
            packets.append(arranged)
            expected.append(right)
            names.append(f"{name}, {order}")
    offsets = np.cumsum([0] + [len(packet) for packet in packets]).astype(np.int64)
    codes = np.concatenate(packets).astype(np.int32)
    right_codes, right_status = np.array(expected).T
    for placed in ("packed", "scattered over random lanes"):
        got, status = one.sums(codes, offsets, scattered=placed != "packed")
        wrong = np.flatnonzero((got != right_codes) | (status != right_status))
        detail = ""
        if len(wrong):
            place = int(wrong[0])
            detail = f"{names[place]}: {got[place]}, not {right_codes[place]}"
        yield Claim(
            f"{one.name}: every arrangement of every multiset, {placed}, gives the golden code",
            len(packets),
            len(wrong),
            detail=detail,
        )


def _many_terms(scale: Scale, implementations: list[Implementation]) -> Iterator[Claim]:
    """A packet of 2**24 terms: all equal, and spread."""
    count = MANY[scale]
    rng = np.random.default_rng(SEED)
    spread = np.rint(rng.normal(-30, 12, count) * 65536).astype(np.int32)
    widest = max((one for one in implementations if one.fast), key=lambda one: one.lanes)
    for name, codes in (("equal", np.full(count, -54_321, np.int32)), ("spread", spread)):
        expected = cs.LogSum.of(codes).code
        offsets = np.array([0, count])
        with cs.open("cpu") as device:
            (on_cpu,) = device.reduce(codes)
        (simulated,), _ = widest.sums(codes, offsets, scattered=False)
        known = -54_321 + (count.bit_length() - 1 << Q16_16.fraction_bits)
        wrong = [value for value in (on_cpu, simulated) if value != expected]
        wrong += [expected] if name == "equal" and expected != known else []
        yield Claim(
            f"{count:,} {name} terms: LogSum, cpu and {widest.name} give one code",
            3,
            len(wrong),
            detail=f"code {expected}",
        )
