"""Normalise and round, the last step of `Log2`, fuzzed against big integers.

That is where the bug of a superaccumulator hid for nine years. The states need not be those of a
multiset: any slots, up to what 2**32 parts can add up to, whose sum has its top bit in the top bin.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from consilience_hw.log2.log2 import Log2
from consilience_hw.reduction.window import window_layout
from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from consilience_sim.compiled import StreamSimulation
from consilience_sim.golden.borders import WIDTH, borders
from tests.campaigns.verify.step import Claim, Findings, Progress, Scale

__all__ = ["run"]

SEED = 17
STATES = {Scale.FULL: 10_000_000, Scale.SLICE: 20_000}
CHUNK = {Scale.FULL: 50_000, Scale.SLICE: 4_000}
SLOTS, BIN, CELL = Q16_16.slots, Q16_16.bin_width, Q16_16.cell_bits
LARGEST_SLOT = Q16_16.capacity * ((1 << BIN) - 1)
HARD = int(ResultStatus.HARD_TO_ROUND)
KINDS = ("any slots", "short slots", "full slots", "at a rounding border", "near a rounding border")

Slots = NDArray[np.int64]
"""Shape (n, 8): the sums of bins top - 7 .. top."""


def run(scale: Scale, progress: Progress) -> Findings:
    """Run all states through the compiled unit."""
    rng = np.random.default_rng(SEED)
    tried = dict.fromkeys(KINDS, 0)
    wrong = dict.fromkeys(KINDS, 0)
    hard = dict.fromkeys(KINDS, 0)
    detail = dict.fromkeys(KINDS, "")
    chunk = CHUNK[scale]
    with StreamSimulation(Log2(), name="Log2") as simulation:
        for number, done in enumerate(range(0, STATES[scale], chunk)):
            kind = KINDS[number % len(KINDS)]
            tops = rng.integers(-4096, 4096, chunk)
            slots = _slots(kind, chunk, rng)
            outputs, _, _ = simulation.run(_beats(tops, slots), chunk, max_cycles=2 * chunk + 1000)
            for place, (total, code, status) in enumerate(_expected(tops, slots)):
                tried[kind] += 1
                got, flags = _result(outputs[place].tobytes())
                marked = bool(flags & HARD)
                hard[kind] += marked
                # What is marked may be either neighbour of a border; all else must be exact.
                near = abs(got - code) <= 1 if marked else got == code
                near &= not marked or golden.is_near_border(total, Q16_16)
                if not near or flags & ~HARD != status:
                    wrong[kind] += 1
                    detail[kind] = (
                        detail[kind]
                        or f"top {tops[place]}, slots {slots[place].tolist()}: {got} "
                        f"(flags {flags}), not {code} ({status})"
                    )
            progress(done + chunk, STATES[scale])
    findings = Findings(seeds={"states": SEED})
    findings.claims = [
        Claim(
            f"Log2 rounds the exact sum or marks it: {kind}",
            tried[kind],
            wrong[kind],
            measured=f"{hard[kind]:,} marked HARD_TO_ROUND",
            bound="none wrong",
            detail=detail[kind],
        )
        for kind in KINDS
    ]
    return findings


def _slots(kind: str, count: int, rng: np.random.Generator) -> Slots:
    """Draw slots of one kind; the top one is never zero."""
    if kind.endswith("border"):
        return _border_slots(count, rng, near=kind.startswith("near"))
    if kind == "full slots":
        return (
            LARGEST_SLOT
            - 255
            - rng.integers(0, 3, (count, SLOTS)) * rng.integers(0, 256, (count, SLOTS))
        )
    widths = rng.integers(0, CELL + 1 if kind == "any slots" else 9, (count, SLOTS))
    slots = rng.integers(0, 1 << CELL, (count, SLOTS)) & ((1 << widths) - 1)
    slots = np.minimum(slots, LARGEST_SLOT)
    slots[:, -1] = np.maximum(slots[:, -1], 1)
    return slots


def _border_slots(count: int, rng: np.random.Generator, *, near: bool) -> Slots:
    """Return slots whose sum is a border's integer part, or some units beside it."""
    table = borders(Q16_16.fraction_bits)
    slots = np.empty((count, SLOTS), np.int64)
    fractions = rng.integers(0, len(table), count).tolist()
    widths = rng.integers(SLOTS * BIN - BIN + 1, SLOTS * BIN + 33, count).tolist()
    beside = rng.integers(-1, 3, count).tolist()
    if near:
        # Up to some 2**-33 of the sum: from well within the unit's doubt to well outside.
        far = rng.integers(0, 1 << 62, count).tolist()
        closer = rng.integers(0, 12, count).tolist()
        sign = rng.choice([-1, 1], count).tolist()
        beside = [
            a * (b >> max(0, 95 - width) >> c)
            for a, b, c, width in zip(sign, far, closer, widths, strict=True)
        ]
    moves = rng.integers(0, 1 << 30, (count, SLOTS)).tolist()
    for place in range(count):
        total = (table[fractions[place]] >> WIDTH - widths[place]) + beside[place]
        total = max(total, 1 << SLOTS * BIN - BIN)
        digits = [total >> BIN * rank & (1 << BIN) - 1 for rank in range(SLOTS - 1)]
        digits.append(total >> BIN * (SLOTS - 1))
        # The same sum in other slots: what is carried here is what `Log2` must carry back.
        for rank in range(SLOTS - 1, 0, -1):
            moved = moves[place][rank] % min(digits[rank], 1 << 31) if digits[rank] > 1 else 0
            if rank == SLOTS - 1 or moved:
                digits[rank] -= moved
                digits[rank - 1] += moved << BIN
            if digits[rank - 1] >= 1 << CELL:
                digits[rank] += moved
                digits[rank - 1] -= moved << BIN
        slots[place] = digits
    return slots


def _beats(tops: NDArray[np.int64], slots: Slots) -> NDArray[np.uint8]:
    """Pack states to payloads of `window_layout`: present, top, slots by bin modulo 8, count."""
    size = window_layout(Q16_16).size
    bits = np.zeros((len(tops), size), np.uint8)
    bits[:, 0] = 1
    bits[:, 1:14] = tops[:, None] >> np.arange(13) & 1
    # Bin top - 7 + rank lies in slot (top - 7 + rank) mod 8.
    for rank in range(SLOTS):
        place = (tops - SLOTS + 1 + rank) % SLOTS
        values = slots[:, rank][:, None] >> np.arange(CELL) & 1
        columns = 14 + place[:, None] * CELL + np.arange(CELL)
        np.put_along_axis(bits, columns, values.astype(np.uint8), axis=1)
    return np.packbits(bits, axis=1, bitorder="little")


def _expected(tops: NDArray[np.int64], slots: Slots) -> Iterator[tuple[int, int, int]]:
    """Yield the sum, code and status of each state, by Python's integers."""
    for top, values in zip(tops.tolist(), slots.tolist(), strict=True):
        total = sum(value << BIN * rank for rank, value in enumerate(values))
        yield total, *golden.finish(total, top, Q16_16)


def _result(payload: bytes) -> tuple[int, int]:
    bits = int.from_bytes(payload, "little")
    code = bits & 0xFFFF_FFFF
    return code - (code >> 31 << 32), bits >> 32 & 0xFF
