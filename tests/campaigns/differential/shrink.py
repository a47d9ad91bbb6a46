"""A failing call made small: fewer entries, smaller numbers, as long as it fails."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from tests.campaigns.differential.kind import Arguments

__all__ = ["shrunk"]


def shrunk(
    arguments: Arguments, fails: Callable[[Arguments], bool], tries: int = 3_000
) -> Arguments:
    """Return arguments that fail still, of which nothing more could be left out or made smaller.

    Parameters
    ----------
    arguments : dict
        Of what JSON can hold.
    fails : callable
        Whether arguments fail as those given do; False for what are none.
    tries : int
        Most calls of it.
    """

    def improved(candidates: Callable[[Arguments], Iterator[Arguments]]) -> bool:
        """Take the first candidate that fails; return whether there was one."""
        nonlocal arguments, tries
        for candidate in candidates(arguments):
            tries -= 1
            if tries < 0:
                return False
            if fails(candidate):
                arguments = candidate
                return True
        return False

    smaller = True
    while smaller:
        smaller = False
        while improved(_shorter):
            smaller = True
        for path in [path for path in _paths(arguments, ()) if _is_number(_at(arguments, path))]:
            while improved(lambda one: _nearer(one, path)):  # noqa: B023
                smaller = True
    return arguments


def _shorter(arguments: Arguments) -> Iterator[Arguments]:
    """Yield arguments in which one list lacks all, half, a quarter or one of its entries."""
    for path in _paths(arguments, ()):
        value = _at(arguments, path)
        if isinstance(value, list) and value:
            for size in sorted({len(value), len(value) // 2, len(value) // 4, 1} - {0})[::-1]:
                for start in range(0, len(value), size):
                    yield _with(arguments, path, value[:start] + value[start + size :])


def _nearer(arguments: Arguments, path: tuple[Any, ...]) -> Iterator[Arguments]:
    """Yield arguments in which one number is nearer to 0, or of two as near the positive one."""
    value = _at(arguments, path)
    sign = 1 if value > 0 else -1
    steps = [sign << bit for bit in reversed(range(abs(value).bit_length()))]
    for less in (0, 1, -1, *(value - step for step in steps)):
        if (abs(less), -less) < (abs(value), -value):
            yield _with(arguments, path, less)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _paths(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every list and number, the outer ones first."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _paths(inner, (*path, place))


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _with(arguments: Arguments, path: tuple[Any, ...], value: Any) -> Arguments:
    """Return arguments with another value at the end of a way."""
    changed = deepcopy(arguments)
    _at(changed, path[:-1])[path[-1]] = value
    return changed
