"""Calls of the driver whose right answers are known: from the golden model, not from a device."""

import random
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from consilience.devices.link_device import LinkDevice
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden

__all__ = ["Call", "make_calls"]


class Call(NamedTuple):
    """A call: its name, and a function that makes it and returns whether the answer is right."""

    name: str
    is_right: Callable[[LinkDevice], bool]


def make_calls(choose: random.Random, count: int) -> list[Call]:
    """Return calls of every kind: log sums, posteriors with and without weights, identity."""
    makers = (_reduce, _reduce, _reduce, _posterior, _posterior, _info)
    return [
        choose.choice(makers)(np.random.default_rng(choose.getrandbits(32))) for _ in range(count)
    ]


def _codes(rng: np.random.Generator, shape: int | tuple[int, int]) -> np.ndarray:
    spread = int(rng.choice([1 << 16, 1 << 22, (1 << 31) - 1]))
    codes = rng.integers(-spread, spread, shape, dtype=np.int32)
    codes[rng.random(shape) < 0.03] = Q16_16.log_of_zero
    # Zeros are what COBS has to work on.
    codes[rng.random(shape) < 0.1] = 0
    return codes


def _reduce(rng: np.random.Generator) -> Call:
    offsets = np.append(
        0, np.cumsum(rng.integers(0, int(rng.choice([3, 12, 60])), rng.integers(1, 8)))
    )
    codes = _codes(rng, int(offsets[-1]))
    sums, _ = golden.log_sums(codes, offsets)
    return Call("reduce", lambda device: bool((device.reduce(codes, offsets) == sums).all()))


def _posterior(rng: np.random.Generator) -> Call:
    hypotheses = int(rng.integers(2, 4))
    offsets = np.append(0, np.cumsum(rng.integers(1, 5, rng.integers(1, 7))))
    rows = int(offsets[-1])
    evidence = _codes(rng, (rows, hypotheses))
    prior = rng.integers(-(1 << 18), 0, hypotheses, dtype=np.int32)
    weight = rng.integers(0, 65537, rows).astype(np.uint32) if rng.random() < 0.5 else None
    agent = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    expected, status = golden.posteriors(evidence, offsets, prior, weight)

    def is_right(device: LinkDevice) -> bool:
        found = device.posterior(evidence, agent, prior, weight)
        return bool((found.posterior == expected).all() and (found.status == status).all())

    return Call("posterior", is_right)


def _info(rng: np.random.Generator) -> Call:
    def is_right(device: LinkDevice) -> bool:
        info = device.info
        return info.format == Q16_16 and info.hypotheses == 3 and info.counters["gaps"] == 0

    return Call("info", is_right)
