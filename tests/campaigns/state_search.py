"""Every state that a model reaches, breadth first; the shortest way to one that must not be."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Found", "search"]

StateT = TypeVar("StateT", bound=Hashable)

Step = tuple[str, StateT]
"""What happens, in words, and the state after it."""


@dataclass(frozen=True)
class Found(Generic[StateT]):
    """What a search came to.

    Parameters
    ----------
    states, steps : int
        Different states that were reached, and steps that were tried.
    broken : str or None
        The invariant that does not hold.
    way : tuple of str
        The steps to there; no way is shorter.
    """

    states: int
    steps: int
    broken: str | None
    way: tuple[str, ...]


def search(
    first: StateT,
    steps: Callable[[StateT], Iterable[Step[StateT]]],
    broken: Callable[[StateT], str | None],
) -> Found[StateT]:
    """Search from a state until an invariant breaks, or nothing new is reached.

    Parameters
    ----------
    first : hashable
    steps : callable
        All that can happen in a state.
    broken : callable
        The invariant that a state breaks, or None.
    """
    came_from: dict[StateT, tuple[StateT, str] | None] = {first: None}
    layer, tried = [first], 0
    while layer:
        reached = []
        for state in layer:
            for what, after in steps(state):
                tried += 1
                if after in came_from:
                    continue
                came_from[after] = (state, what)
                invariant = broken(after)
                if invariant is not None:
                    return Found(len(came_from), tried, invariant, _way(came_from, after))
                reached.append(after)
        layer = reached
    return Found(len(came_from), tried, None, ())


def _way(came_from: dict[StateT, tuple[StateT, str] | None], state: StateT) -> tuple[str, ...]:
    way: list[str] = []
    step = came_from[state]
    while step is not None:
        way.append(step[1])
        step = came_from[step[0]]
    return tuple(reversed(way))
