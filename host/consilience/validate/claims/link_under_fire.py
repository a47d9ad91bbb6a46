"""The real driver over a line that spoils frames, in virtual time: right, or an error."""

import random

import numpy as np

from consilience.devices.cpu import CpuDevice
from consilience.devices.link_device import LinkDevice
from consilience.errors import ConsilienceError, LinkError, NoDevice
from consilience.link.session import LinkSession
from consilience.numbers.arrays import Codes, Offsets
from consilience.validate.bench import Bench
from consilience.validate.claim import Claim
from consilience.validate.finding import Finding
from consilience.validate.hostile_line import Hang, HostileLine
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden

__all__ = ["claims"]

_SEED = 131
_CALLS = 200
"""Different ones, each made again and again."""


def claims() -> list[Claim]:
    """Return the claim of the link."""
    return [
        Claim(
            "link.under-fire",
            "over a line that damages, drops, doubles and delays frames, and a device that is "
            "reset, every call gives the right answer or an error, ends, and the next one on a "
            "quiet line is right",
            _fire,
            8.0,
        )
    ]


def _fire(bench: Bench) -> Finding:
    wanted = bench.of_scale(2_000, 20_000, 1_000_000)
    choose = random.Random(_SEED)
    line = HostileLine(CpuDevice(), choose)
    calls = _calls(np.random.default_rng(_SEED))
    made = right = raised = wrong = hangs = 0
    device = _opened(line, choose)
    while line.faults < wanted:
        bench.progress(min(line.faults, wanted), wanted)
        codes, offsets, expected = calls[made % len(calls)]
        made += 1
        line.begin_call(spoiling=True)
        try:
            answered = np.array_equal(device.reduce(codes, offsets), expected)
            right, wrong = right + answered, wrong + (not answered)
            continue
        except (LinkError, NoDevice):
            raised += 1
        except ConsilienceError:
            wrong += 1  # it takes damage for a fault of the caller
        except Hang:
            hangs += 1
        line.begin_call(spoiling=False)
        try:
            wrong += not np.array_equal(device.reduce(codes, offsets), expected)
        except (ConsilienceError, Hang):
            hangs += 1
            device = _opened(line, choose)
    return Finding(
        f"{wanted:,} faults or more of {len(line.KINDS)} kinds ({', '.join(line.KINDS)}) in "
        f"{made:,} calls of log sums (seed {_SEED}): {right:,} right, {raised:,} errors",
        made,
        wrong + hangs + (right == 0) + (raised == 0),
        worst=f"{wrong} wrong answers or errors, {hangs} calls without an end or of no use after",
        bound="0 and 0; a wrong CRC passes with 2^-32 a damaged frame",
    )


def _opened(line: HostileLine, choose: random.Random) -> LinkDevice:
    line.begin_call(spoiling=False)
    return LinkDevice(LinkSession(line, "under fire", retries=3, random_bits=choose.getrandbits))


def _calls(rng: np.random.Generator) -> list[tuple[Codes, Offsets, Codes]]:
    """Return codes, offsets, and the right sums by the golden model."""
    made = []
    for _ in range(_CALLS):
        offsets = np.append(0, np.cumsum(rng.integers(0, 40, rng.integers(1, 8))))
        codes = rng.integers(-(1 << 22), 1 << 22, int(offsets[-1])).astype(np.int32)
        codes[rng.random(len(codes)) < 0.1] = 0  # zeros are what COBS has to work on
        codes[rng.random(len(codes)) < 0.03] = Q16_16.log_of_zero
        made.append((codes, offsets, golden.log_sums(codes, offsets)[0]))
    return made
