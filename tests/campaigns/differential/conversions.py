"""Conversions between floats and codes, of any shape and type."""

import math
from random import Random
from typing import Any

import numpy as np

import consilience as cs
from consilience.devices.device import Device
from tests.campaigns.differential.codes import draw_code
from tests.campaigns.differential.floats import Refused, code_of, float_of, in_binary64
from tests.campaigns.differential.kind import (
    Arguments,
    Kind,
    Outcome,
    array_of,
    draw_way,
    refusal,
)

__all__ = ["FromCodes", "ToCodes", "draw_float", "draw_shape"]

_FLOATS = (0.0, -0.0, -math.inf, 1.0, -1.0, 22712.97, -22713.5, 1e300, -1e300, 5e-324, 1e-7)
_DTYPES = ("float64", "float64", "float32", "float16", "longdouble", "int64", "bool", "uint8")


def draw_float(rng: Random) -> float:
    """Draw a natural logarithm: a special one, one that is half an ulp from a code, or any."""
    kind = rng.randrange(10)
    if kind < 3:
        return rng.choice(_FLOATS)
    if kind == 3:
        return (draw_code(rng) + 0.5) / 65536 * math.log(2)
    if kind == 4:
        return float_of(draw_code(rng))
    if kind == 5 and rng.random() < 0.1:
        return rng.choice((math.nan, math.inf))
    return rng.gauss(0, 10.0 ** rng.randint(-6, 4))


def draw_shape(rng: Random) -> list[int]:
    """Draw a shape of no to three dimensions; some of them are empty."""
    return [rng.choice((0, 1, 1, 2, 3, 5)) for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3)))]


def draw_floats(rng: Random) -> Arguments:
    """Draw an array of floats: values as hex, type, shape, and a power of two for longdouble."""
    shape, dtype = draw_shape(rng), rng.choice(_DTYPES)
    values = [draw_float(rng) for _ in range(math.prod(shape))]
    scale = rng.choice((0, 0, 3000)) if dtype == "longdouble" else 0
    return {"values": [one.hex() for one in values], "dtype": dtype, "shape": shape, "scale": scale}


def floats_of(arguments: Arguments) -> np.ndarray:
    """Return that array."""
    given = np.array([float.fromhex(one) for one in arguments["values"]])
    with np.errstate(all="ignore"):
        if arguments["dtype"] in ("int64", "bool", "uint8"):
            given = np.nan_to_num(given, nan=0, posinf=9, neginf=-9).clip(-30000, 30000)
        given = given.astype(arguments["dtype"])
        if arguments["scale"]:
            given = np.ldexp(given, arguments["scale"])
    return given.reshape(arguments["shape"])


def nested(values: list[Any], shape: list[int]) -> Any:
    """Return flat values as nested lists of a shape."""
    if not shape:
        return values[0]
    each = math.prod(shape[1:])
    parts = [values[k * each : (k + 1) * each] for k in range(shape[0])]
    return [nested(part, shape[1:]) if part or len(shape) > 1 else [] for part in parts]


class ToCodes(Kind):
    """`to_codes` and `quantise`."""

    name = "to_codes"
    needs_device = False

    def draw(self, rng: Random, *, large: bool) -> Arguments:
        """Draw floats."""
        return draw_floats(rng)

    def expected(self, arguments: Arguments) -> Outcome:
        """Return codes, and how many saturated."""
        shape = arguments["shape"]
        try:
            found = [code_of(one) for one in in_binary64(floats_of(arguments))]
        except Refused:
            return ["BadInput"] * 2
        codes = nested([code for code, _ in found], shape)
        return [codes, [codes, sum(saturated for _, saturated in found)]]

    def found(self, device: Device, arguments: Arguments) -> Outcome:
        """Call both."""
        values = floats_of(arguments)
        return [refusal(lambda: cs.to_codes(values)), refusal(lambda: cs.quantise(values))]


class FromCodes(Kind):
    """`from_codes`."""

    name = "from_codes"
    needs_device = False

    def draw(self, rng: Random, *, large: bool) -> Arguments:
        """Draw codes of a shape."""
        shape = draw_shape(rng)
        codes = [draw_code(rng) for _ in range(math.prod(shape))]
        if codes and rng.random() < 0.02:
            codes[0] = rng.choice((1 << 31, -(1 << 31) - 1))
        return {"codes": codes, "shape": shape, "way": draw_way(rng)}

    def expected(self, arguments: Arguments) -> Outcome:
        """Return the floats, or that 33 bits are refused."""
        codes = arguments["codes"]
        if any(not -(1 << 31) <= code < 1 << 31 for code in codes):
            return ["BadInput"]
        values = nested([float_of(code).hex() for code in codes], arguments["shape"])
        return [["float64", values]]

    def found(self, device: Device, arguments: Arguments) -> Outcome:
        """Call it."""
        codes, shape = arguments["codes"], arguments["shape"]
        wide = any(not -(1 << 31) <= code < 1 << 31 for code in codes)
        given = (
            array_of(codes, "int64" if wide else arguments["way"]) if codes else np.zeros(0, int)
        )
        return [refusal(lambda: cs.from_codes(np.reshape(given, shape)))]
