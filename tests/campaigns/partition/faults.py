"""Planted faults: builds of the node that are wrong in one place, each for a checker to catch.

The product has no switch for any of this: its modules are patched here, before nodes are forked.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from consilience.distributed.reads.age_bounds import AgeBounds
from consilience.distributed.reads.answer import Answer
from consilience.distributed.reads.dated_state import DatedState, Echo
from consilience.distributed.reads.merged_states import HeldState
from consilience.distributed.reads.read_node import ReadNode
from consilience.distributed.reads.shard_state import ShardState
from consilience.distributed.shard_store import Standing

__all__ = ["FAULTS", "Fault"]

_ONE = 1 << 16


@dataclass(frozen=True)
class Fault:
    """A fault, and who must catch it.

    Parameters
    ----------
    name, what : str
    catcher : str
        The checker that must find violations.
    nemesis : str
        Under which it shows.
    owner, method : type, str
        What is replaced.
    wrong : callable
        Gets the right method, returns the wrong one.
    """

    name: str
    what: str
    catcher: str
    nemesis: str
    owner: type
    method: str
    wrong: Callable[[Callable[..., Any]], Callable[..., Any]]

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Have the fault in this process, and in those forked from it."""
        right = getattr(self.owner, self.method)
        with patch.object(self.owner, self.method, self.wrong(right)):
            yield


def _adds_twice(right: Callable[..., Any]) -> Callable[..., Any]:
    """A state that is held already is added to itself when it comes again."""

    def receive(node: ReadNode, dated: DatedState) -> str:
        fate: str = right(node, dated)
        if fate == Standing.SAME.value:
            shard = dated.piece.place[1]
            state = ShardState.from_bytes(dated.message.state)
            state.histogram.merge(state.histogram)
            doubled = ShardState(state.histogram, 2 * state.evidence)
            node._states._put(shard, replace(node._states.held[shard], state=doubled))
        return fate

    return receive


def _writes_discount(right: Callable[..., Any]) -> Callable[..., Any]:
    """A read leaves its weights in the evidence that is held."""

    def read(node: ReadNode) -> Answer:
        answer: Answer = right(node)
        states = node._states
        with states.lock:
            for shard, held in list(states.held.items()):
                evidence = held.state.evidence * answer.estimate.weights[shard - 1] // _ONE
                states._put(shard, replace(held, state=ShardState(held.state.histogram, evidence)))
        return answer

    return read


def _dates_at_receipt(right: Callable[..., Any]) -> Callable[..., Any]:
    """Age counts from the receipt of a state, its way to here left out."""

    def sent_since(
        bounds: AgeBounds, shard: int, incarnation: int, elapsed_ns: int, echo: Echo, now_ns: int
    ) -> int | None:
        found = right(bounds, shard, incarnation, elapsed_ns, echo, now_ns)
        return None if found is None else now_ns

    return sent_since


def _takes_old(right: Callable[..., Any]) -> Callable[..., Any]:
    """Whatever comes last is held, with its right date."""

    def receive(node: ReadNode, dated: DatedState) -> str:
        fate: str = right(node, dated)
        if fate == "old":
            echo, piece = dated.echo(node.shard), dated.piece
            if echo.incarnation == node.incarnation:
                state = ShardState.from_bytes(dated.message.state)
                held = HeldState(piece.order, piece.digest, state)
                node._states._put(piece.place[1], held)
                node._states.date(piece.place[1], echo.elapsed_ns)
        return fate

    return receive


FAULTS = (
    Fault(
        "merge adds twice",
        "a state that comes again is added to itself",
        "C4",
        "proxy",
        ReadNode,
        "_receive",
        _adds_twice,
    ),
    Fault(
        "discount written into state",
        "a read leaves its weights in the evidence held",
        "C4",
        "third cut",
        ReadNode,
        "read",
        _writes_discount,
    ),
    Fault(
        "age under-reported",
        "age counts from receipt, the way to here left out",
        "C2",
        "proxy",
        AgeBounds,
        "sent_since",
        _dates_at_receipt,
    ),
    Fault(
        "old version accepted",
        "what comes last is held, be it older",
        "C3",
        "proxy",
        ReadNode,
        "_receive",
        _takes_old,
    ),
)
