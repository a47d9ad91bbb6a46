"""Log sums of a device: `reduce`, `leave_one_out`."""

from itertools import pairwise
from random import Random

import numpy as np

from consilience.devices.device import Device
from consilience_sim import golden
from tests.campaigns.differential.codes import draw_codes, draw_length
from tests.campaigns.differential.kind import (
    Arguments,
    Kind,
    Outcome,
    array_of,
    draw_way,
    plain,
    refusal,
)

__all__ = ["LeaveOneOut", "Reduce"]

_IN_PYTHON = 3_000
"""Codes up to which the golden model that is to be read is used; above, the vectorised one."""


class Reduce(Kind):
    """`reduce` and `reduce_with_status`: segments, some empty; offsets that do not fit."""

    name = "reduce"

    def draw(self, rng: Random, *, large: bool) -> Arguments:
        """Draw segments, or one without offsets."""
        huge = rng.random() < (0.0005 if large else 0.002)
        count = rng.randint(1_000, 60_000 if large else 5_000) if huge else draw_length(rng, 40)
        codes = draw_codes(rng, count)
        offsets = None
        if rng.random() < 0.7:
            cuts = [rng.randint(0, len(codes)) for _ in range(rng.choice((0, 1, 2, 5)))]
            offsets = [0, *sorted(cuts), len(codes)]
            if rng.random() < 0.03:
                offsets[rng.randrange(len(offsets))] += rng.choice((-1, 1, 1 << 40))
        return {"codes": codes, "offsets": offsets, "way": draw_way(rng)}

    def expected(self, arguments: Arguments) -> Outcome:
        """Return codes and status of each segment; refused if the offsets do not fit."""
        codes, offsets = arguments["codes"], arguments["offsets"]
        offsets = [0, len(codes)] if offsets is None else offsets
        if not offsets or offsets[0] != 0 or offsets[-1] != len(codes):
            return ["BadInput"] * 2
        if any(a > b for a, b in pairwise(offsets)):
            return ["BadInput"] * 2
        if len(codes) > _IN_PYTHON:
            found = golden.log_sums(np.array(codes, np.int32), np.array(offsets))
            return [plain(found[0]), plain(found)]
        sums = [golden.log_sum(codes[start:stop]) for start, stop in pairwise(offsets)]
        values = [code for code, _ in sums]
        return [values, [values, [status for _, status in sums]]]

    def found(self, device: Device, arguments: Arguments) -> Outcome:
        """Call both."""
        codes = array_of(arguments["codes"], arguments["way"])
        offsets = arguments["offsets"]
        return [
            refusal(lambda: device.reduce(codes, offsets)),
            refusal(lambda: device.reduce_with_status(codes, offsets)),
        ]


class LeaveOneOut(Kind):
    """`leave_one_out`."""

    name = "leave_one_out"

    def draw(self, rng: Random, *, large: bool) -> Arguments:
        """Draw codes; the golden model takes a time that grows with their square."""
        count = rng.randint(30, 200) if rng.random() < 0.003 else draw_length(rng)
        return {"codes": draw_codes(rng, count), "way": draw_way(rng)}

    def expected(self, arguments: Arguments) -> Outcome:
        """Return each sum from scratch."""
        return [[code for code, _ in golden.leave_one_out(arguments["codes"])]]

    def found(self, device: Device, arguments: Arguments) -> Outcome:
        """Call it."""
        codes = array_of(arguments["codes"], arguments["way"])
        return [refusal(lambda: device.leave_one_out(codes))]
