"""Every state that a model reaches, breadth first; the shortest way to one that must not be."""

import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tests.campaigns.tables import Rows, print_table

__all__ = ["Found", "search", "tell_searches"]

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


def tell_searches(
    searched: Mapping[str, Callable[[], Found[Any]]],
    planted: Mapping[str, tuple[str, Callable[[], Found[Any]]]],
) -> bool:
    """Run searches and print what they found; return whether all is as it must be.

    Parameters
    ----------
    searched : mapping of str to callable
        By name, searches in which no invariant may break.
    planted : mapping of str to (str, callable)
        By fault, the invariant that must break, and the search for it.
    """
    started, holds = time.monotonic(), True
    rows: Rows = [("searched", "states", "steps", "found")]
    for name, run in searched.items():
        found = run()
        rows.append((name, f"{found.states:,}", f"{found.steps:,}", found.broken or "holds"))
        holds = holds and found.broken is None
    print_table(rows)
    rows = [("planted fault", "states", "steps", "found")]
    for name, (invariant, run) in planted.items():
        found = run()
        rows.append((name, f"{found.states:,}", str(len(found.way)), found.broken or "NOTHING"))
        holds = holds and (found.broken or "").startswith(invariant)
    print_table(rows)
    held = "everything held" if holds else "NOT everything held"
    print(f"{held} ({time.monotonic() - started:.0f} s)")
    return holds
