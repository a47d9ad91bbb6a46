"""Gates in an order in which each follows those whose outputs it takes."""

from collections.abc import Mapping

__all__ = ["in_order"]

Statement = tuple[str, list[int | str]]
"""An expression, and the nets it takes."""


def in_order(gates: Mapping[int | str, Statement]) -> list[tuple[int | str, Statement]]:
    """Return gates by the net they drive, depth first: what belongs together stays together.

    Raises
    ------
    ValueError
        There is a loop.
    """
    placed: dict[int | str, Statement] = {}
    open_nets: set[int | str] = set()
    for goal in gates:
        stack = [goal]
        while stack:
            net = stack[-1]
            if net in placed:
                stack.pop()
                continue
            waits = [i for i in gates[net][1] if i in gates and i not in placed]
            if not waits:
                placed[net] = gates[net]
                open_nets.discard(net)
                stack.pop()
                continue
            open_nets.add(net)
            if not open_nets.isdisjoint(waits):
                raise ValueError(f"net {net} is in a loop of gates")
            stack.extend(waits)
    return list(placed.items())
