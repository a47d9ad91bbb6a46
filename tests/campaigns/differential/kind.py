"""What a kind of calls is: how one is drawn, what it must give, and what it does give.

Arguments are what JSON can hold, so that a call fits into a line. An outcome is one entry a call,
of the same kind of values; an error of the product is the name of its class.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np

from consilience.devices.device import Device
from consilience.errors import ConsilienceError

__all__ = ["Arguments", "Kind", "Outcome", "array_of", "done", "draw_way", "plain", "refusal"]

Arguments = dict[str, Any]
Outcome = list[Any]


class Kind(ABC):
    """One kind of calls.

    Attributes
    ----------
    name : str
    needs_device : bool
        It is another call on another device.
    """

    name: str
    needs_device = True

    @abstractmethod
    def draw(self, rng: Random, *, large: bool) -> Arguments:
        """Draw arguments of some calls; `large`: also such as take long to simulate."""

    @abstractmethod
    def expected(self, arguments: Arguments) -> Outcome:
        """Return what the golden model says; raise any error if these are no arguments."""

    @abstractmethod
    def found(self, device: Device, arguments: Arguments) -> Outcome:
        """Return what the product says."""


def refusal(call: Callable[[], Any]) -> Any:
    """Return what a call gives, as plain values; or the name of the error of ours it ends with."""
    try:
        return plain(call())
    except ConsilienceError as error:
        return type(error).__name__


def done(call: Callable[..., Any], *arguments: Any) -> str | None:
    """Make a call that only changes something; return the name of the error it ends with."""
    try:
        call(*arguments)
    except ConsilienceError as error:
        return type(error).__name__
    return None


def plain(value: Any) -> Any:
    """Return a value as lists and numbers; floats in hex, with all their bits."""
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype.kind == "f":
            return [str(value.dtype), plain(value.tolist())]
        return plain(value.tolist())
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return value.hex()
    return value


_WAYS: dict[str, Callable[[Any], Any]] = {
    "list": lambda values: values,
    "int32": lambda values: np.array(values, np.int32),
    "int64": lambda values: np.array(values, np.int64),
    "strided": lambda values: np.repeat(np.array(values, np.int32), 2, axis=0)[::2],
    "reversed": lambda values: np.array(values[::-1], np.int32)[::-1],
    "big-endian": lambda values: np.array(values, ">i4"),
}


def array_of(values: Any, way: str) -> Any:
    """Return integers as one of the things in which a user may give them."""
    return _WAYS[way](values)


def draw_way(rng: Random) -> str:
    """Draw one of these."""
    return rng.choice(("list", "int32", "int32", "int64", "strided", "reversed", "big-endian"))
