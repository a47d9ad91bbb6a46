"""`logsumexp` of floats: a device's, with SciPy's signature."""

import math
from itertools import product
from random import Random
from typing import Any

import numpy as np

from consilience.devices.device import Device
from consilience_sim import golden
from tests.campaigns.differential.codes import HIGHEST, LOWEST, ONE, ZERO
from tests.campaigns.differential.conversions import draw_floats, floats_of, nested
from tests.campaigns.differential.floats import code_of, float_of, in_binary64, log_times
from tests.campaigns.differential.kind import Arguments, Kind, Outcome, refusal

__all__ = ["LogSumExp"]


class LogSumExp(Kind):
    """`logsumexp`."""

    name = "logsumexp"

    def draw(self, rng: Random, *, large: bool) -> Arguments:
        """Draw floats, axes, factors, and what is to be kept or told."""
        given = draw_floats(rng)
        dimensions = max(1, len(given["shape"]))
        axes = rng.sample(range(dimensions), rng.randint(0, dimensions))
        axes = [axis - dimensions * rng.randrange(2) for axis in axes]
        axis = rng.choice((None, rng.randrange(-dimensions, dimensions), axes))
        factors = None
        if rng.random() < 0.4:
            choice = (0.0, 1.0, 2.0, 0.5, 1e-300, rng.random(), rng.random(), -1.0, math.inf)
            weights = [8] * 7 + [0.5, 0.5]
            count = given["shape"][-1] if given["shape"] and rng.random() < 0.7 else 1
            factors = [one.hex() for one in rng.choices(choice, weights, k=count)]
        return given | {
            "axis": axis,
            "b": factors,
            "scalar": factors is not None and len(factors) == 1 and rng.random() < 0.5,
            "b dtype": rng.choice(("float64", "float64", "float32")),
            "keepdims": rng.random() < 0.3,
            "sign": rng.random() < 0.3,
        }

    def expected(self, arguments: Arguments) -> Outcome:
        """Return the floats and their type; refused if one cannot be represented."""
        values, shape = floats_of(arguments), arguments["shape"] or [1]
        factors = _factors(arguments)
        kind = np.dtype(values.dtype)
        if factors is not None:
            kind = np.result_type(values, factors)
        kind = kind if kind in (np.float16, np.float32) else np.dtype(np.float64)
        flat = in_binary64(values)
        if factors is not None:
            if (np.asarray(factors) < 0).any():
                return ["BadInput"]
            spread = np.broadcast_to(np.asarray(factors), shape).reshape(-1)
            flat = [log_times(one, float(factor)) for one, factor in zip(flat, spread, strict=True)]
        axis = arguments["axis"]
        axes = list(range(len(shape))) if axis is None else axis
        axes = [one % len(shape) for one in (axes if isinstance(axes, list) else [axes])]
        sizes = [range(1 if place in axes else size) for place, size in enumerate(shape)]
        slices: dict[tuple[int, ...], list[float]] = {place: [] for place in product(*sizes)}
        for place, value in zip(product(*map(range, shape)), flat, strict=True):
            key = tuple(0 if at in axes else k for at, k in enumerate(place))
            slices[key].append(value)
        answers = [_answer(one) for one in slices.values()]
        if any(answer is None for answer in answers):
            return ["OutOfRange"]
        known = [answer for answer in answers if answer is not None]
        left = [
            1 if place in axes else size
            for place, size in enumerate(shape)
            if arguments["keepdims"] or place not in axes
        ]
        found = [_told([one[number] for one in known], left, kind) for number in range(2)]
        return [found if arguments["sign"] else found[0]]

    def found(self, device: Device, arguments: Arguments) -> Outcome:
        """Call it."""
        axis = arguments["axis"]
        return [
            refusal(
                lambda: device.logsumexp(
                    floats_of(arguments),
                    tuple(axis) if isinstance(axis, list) else axis,
                    _factors(arguments),
                    arguments["keepdims"],
                    arguments["sign"],
                )
            )
        ]


def _factors(arguments: Arguments) -> Any:
    if arguments["b"] is None:
        return None
    factors = np.array([float.fromhex(one) for one in arguments["b"]]).astype(arguments["b dtype"])
    return float(factors[0]) if arguments["scalar"] else factors


def _answer(values: list[float]) -> tuple[float, float] | None:
    """Return the log sum in nats and its sign; None if it cannot be represented."""
    if any(math.isnan(one) for one in values):
        return math.nan, math.nan
    if math.inf in values:
        return math.inf, 1.0
    coded = [code_of(one) for one in values]
    code, status = golden.log_sum([one for one, _ in coded])
    # Values below the lowest code count as it, which is too much unless it makes no difference.
    beyond = {one for one, saturated in coded if saturated}
    if status or HIGHEST in beyond or (LOWEST in beyond and code < LOWEST + 64 * ONE):
        return None
    return float_of(code), float(code != ZERO)


def _told(values: list[float], shape: list[int], kind: np.dtype[Any]) -> Any:
    """Return answers of a shape as `plain` does."""
    narrow = [float(np.float64(one).astype(kind)) for one in values]
    return [str(kind), nested([one.hex() for one in narrow], shape)]
