"""By exhaustion: every mantissa of exp2, the logarithm's tables, every fraction's round trip.

The oracle is mpmath at 160 bits; it shares no code with tables, models or gateware.
"""

from collections.abc import Callable, Iterator

import mpmath
import numpy as np
from mpmath.libmp import from_man_exp, mpf_log, to_fixed
from numpy.typing import NDArray

import consilience as cs
from consilience_hw.exp2.exp2_rom import exp2_rom
from consilience_hw.log2 import log2_rom as rom
from consilience_hw.spec.exp2_table import mantissa_table
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from tests.campaigns.verify.step import Claim, Findings, Progress, Scale

__all__ = ["log2_model", "run"]

BITS = 160
SEED = 3
MANTISSAS = {Scale.FULL: 1 << 24, Scale.SLICE: 1 << 14}


def run(scale: Scale, progress: Progress) -> Findings:
    """Try all that can be tried."""
    findings = Findings(seeds={"low bits of mantissas": SEED})
    total = MANTISSAS[scale] + 2 * Q16_16.fractions
    findings.claims.append(_exp2(lambda done: progress(done, total)))
    findings.claims += _round_trips()
    progress(2 * Q16_16.fractions, total)
    findings.claims += _log2(
        MANTISSAS[scale], lambda done: progress(2 * Q16_16.fractions + done, total)
    )
    return findings


def _exp2(told: Callable[[int], None]) -> Claim:
    """Every table entry, of the formula's and of the unit's own tables, against mpmath."""
    unit = exp2_rom(Q16_16).mantissas().tolist()
    formula = mantissa_table(Q16_16).tolist()
    model = golden.mantissas(Q16_16).tolist()
    failures, worst, place = 0, mpmath.mpf(0), 0
    with mpmath.workprec(BITS):
        scale = mpmath.mpf(2) ** Q16_16.mantissa_bits
        for f in range(Q16_16.fractions):
            exact = scale * mpmath.power(2, mpmath.mpf(f) / Q16_16.fractions)
            right = int(mpmath.nint(exact))
            failures += not unit[f] == formula[f] == model[f] == right
            error = abs(exact - right)
            if error > worst:
                worst, place = error, f
            if f % 4096 == 0:
                told(f)
        spare = float(mpmath.mpf(0.5) - worst)
    return Claim(
        "M[f] is 2**(24 + f / 65536) rounded once: formula, unit's tables and golden model",
        Q16_16.fractions,
        failures,
        measured=f"{float(worst):.6f} units",
        bound="0.5 units",
        detail=f"worst at f = {place}: {spare:.1e} of a unit from a tie",
    )


def _round_trips() -> Iterator[Claim]:
    """log2(2**x) = x for every fraction, at the middle and both ends of the range."""
    fractions = np.arange(Q16_16.fractions, dtype=np.int64)
    places = (-(1 << 31) + (1 << 16), -(1 << 16), 0, (1 << 31) - (1 << 16))
    codes = np.concatenate([fractions + place for place in places]).astype(np.int32)
    offsets = np.arange(len(codes) + 1)
    with cs.open("cpu") as device:
        cpu = device.reduce(codes, offsets)
    for name, result in (("cpu", cpu), ("golden model", golden.log_sums(codes, offsets)[0])):
        yield Claim(
            f"log2(2**x) = x for every fraction, at four positions: {name}",
            len(codes),
            int(np.count_nonzero(result != codes)),
        )


def log2_model(x: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return `Log2Rom.log2` of mantissas with X fraction bits, in units of 2**-G, vectorised."""
    tables, f = rom.log2_rom(), rom
    reciprocal, shrink = np.array(tables.reciprocal), np.array(tables.shrink)
    log_a, log_b, log_c = (np.array(t) for t in (tables.log_a, tables.log_b, tables.log_c))
    a = x >> f.X - f.A & (1 << f.A) - 1
    p = x * reciprocal[a]
    z = p - (1 << f.X + f.R)
    b = z >> f.X + f.R - f.B_LOW
    cut = f.X + f.R - f.G
    q = (z >> cut) - ((p >> cut) * shrink[b] >> f.S)
    c, rest = q >> f.G - f.C_LOW, q & (1 << f.G - f.C_LOW) - 1
    return log_a[a] + log_b[b] + log_c[c] + (rest * tables.log2_e >> f.E_BITS)


def _log2(count: int, told: Callable[[int], None]) -> Iterator[Claim]:
    """Mantissas spread evenly over [1, 2), with random low bits: error, and what is decided.

    The unit sees the upper X bits of a mantissa; the rest may be anything, so the error is taken
    at both ends of what they stand for.
    """
    low = rom.X - count.bit_length() + 1
    index = np.arange(count, dtype=np.int64)
    random = np.random.default_rng(SEED).integers(0, 1 << low, count)
    x = (1 << rom.X) + (index << low) + random
    bits = 120
    inverse_ln_2 = _inverse_ln_2(bits)
    fixed = np.empty(count, np.int64)  # log2 of x in units of 2**-62
    for place, value in enumerate(x.tolist()):
        natural = to_fixed(mpf_log(from_man_exp(value, -rom.X), BITS), bits)
        fixed[place] = natural * inverse_ln_2 >> 2 * bits - 62
        if place % 4096 == 0:
            told(place)
    model = log2_model(x)
    # In units of 2**-G; exact to 2**-18 of one.
    error = ((model << 62 - rom.G) - fixed) / float(1 << 62 - rom.G)
    slope = 2.0 ** (rom.G - rom.X) * (1 / np.log(2)) / (x / float(1 << rom.X))
    worst = np.maximum(np.abs(error), np.abs(error - slope))
    bound = float(rom.error_bound(rom.log2_rom()))
    place = int(worst.argmax())
    yield Claim(
        f"the logarithm's tables are within the derived bound, on {count:,} mantissas",
        count,
        int(np.count_nonzero(worst > bound)),
        measured=f"{worst[place]:.2f} * 2^-{rom.G}",
        bound=f"{bound:.2f} * 2^-{rom.G}, of which the unit allows {rom.ERROR}",
        detail=f"worst at mantissa {int(x[place]):#x} (40 fraction bits)",
    )
    dropped = rom.G - Q16_16.fraction_bits
    raised = model + (1 << dropped - 1) + rom.ERROR
    hard = (raised >> rom.ERROR_LOG + 1 & (1 << dropped - rom.ERROR_LOG - 1) - 1) == 0
    right = fixed + (1 << 61 - Q16_16.fraction_bits) >> 62 - Q16_16.fraction_bits
    wrong = ((raised >> dropped) != right) & ~hard
    # A mark far from any border is wrong, too: borders lie half a code from every code.
    unit = 1 << 62 - rom.G
    beside = np.abs(fixed - (right << 62 - Q16_16.fraction_bits))
    wrong |= hard & (beside < (1 << 61 - Q16_16.fraction_bits) - 2 * rom.ERROR * unit)
    yield Claim(
        "what the unit decides is the correctly rounded code; what it marks is near a border",
        count,
        int(np.count_nonzero(wrong)),
        measured=f"{int(np.count_nonzero(hard))} marked HARD_TO_ROUND",
        bound="none wrong",
    )


def _inverse_ln_2(bits: int) -> int:
    with mpmath.workprec(bits + 40):
        return int(mpmath.mpf(2) ** bits / mpmath.log(2))
