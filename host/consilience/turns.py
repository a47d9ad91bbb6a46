"""Methods of one object that take turns: threads that share it wait for each other."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

__all__ = ["in_turn"]

P = ParamSpec("P")
R = TypeVar("R")


class _HasTurns(Protocol):
    """An object, or a class of small ones, with a lock (`threading.RLock`)."""

    @property
    def _turns(self) -> AbstractContextManager[Any]: ...


S = TypeVar("S", bound=_HasTurns)


def in_turn(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Run a method while no other thread is in one such method of the object."""

    @wraps(method)
    def taking_turns(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self._turns:
            return method(self, *args, **kwargs)

    return taking_turns
