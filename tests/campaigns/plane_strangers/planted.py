"""Faults that the campaign must find, each a check that is left out: else it proves nothing."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any
from unittest.mock import patch

from consilience.distributed.epochs.wire import number
from consilience.distributed.intake.producer_logs import ProducerLogs
from consilience.distributed.members import seal
from consilience.distributed.members.alive import Alive
from consilience.distributed.members.seal import Seal
from consilience.distributed.members.signed_collector import SignedCollector
from consilience.distributed.reads.age_bounds import AgeBounds
from consilience.distributed.shard_store import ShardStore, Standing
from consilience.distributed.state_message import Piece
from consilience.distributed.totals.shard_collector import ShardCollector
from tests.campaigns.plane_strangers.trade import EPOCH
from tests.campaigns.plane_strangers.trials import Part, Tally

__all__ = ["PLANTED", "found_in"]

_MOST = 3


def _signatures_not_checked() -> Any:
    return patch.object(seal, "is_signed", lambda *_: True)


def _without_place(self: Seal, _deployment: bytes, _: bytes, sender: int, body: bytes) -> bytes:
    return self._domain + number(sender) + sha256(body).digest()


def _place_not_signed() -> Any:
    """Deployment and roster stand in the message, where anyone can write others."""
    opened = Seal.opened

    def renamed(self: Seal, data: bytes) -> tuple[int, bytes]:
        here = self._roster.deployment + self._roster.hash
        return opened(self, data[:5] + here + data[5 + len(here) :])

    return patch.multiple(Seal, _statement=_without_place, opened=renamed)


def _body_not_signed() -> Any:
    def statement(self: Seal, deployment: bytes, roster: bytes, sender: int, _body: bytes) -> bytes:
        return self._domain + deployment + roster + number(sender)

    return patch.object(Seal, "_statement", statement)


def _epoch_not_compared() -> Any:
    return patch.object(Piece, "place", property(lambda piece: (EPOCH, _PLACE(piece)[1])))


def _held_before_an_answer() -> Any:
    return patch.object(SignedCollector, "_hold", ShardCollector._hold)


def _heard_by_any_message() -> Any:
    return patch.object(SignedCollector, "_hear", ShardCollector._hear)


def _nonces_not_compared() -> Any:
    def receive(self: SignedCollector, data: bytes) -> None:
        shard, body = self._alive.opened(data)
        said = Alive.from_bytes(body)
        if said.epoch == self.epoch and said.order >= self._last.get(shard, (0, 0)):
            self.heard[shard] = self._clock()
            self._last[shard] = said.order

    return patch.object(SignedCollector, "_receive_alive", receive)


def _dated_by_receipt() -> Any:
    """The moment of an answer is taken for that of its call."""
    receive = SignedCollector._receive_alive

    def received(self: SignedCollector, data: bytes) -> Any:
        unasked, held = self.counts["unasked"], receive(self, data)
        shard, _ = self._alive.opened(data)
        if self.counts["unasked"] == unasked and shard in self.heard:
            self.heard[shard] = self._clock()
        return held

    return patch.object(SignedCollector, "_receive_alive", received)


def _older_replaces() -> Any:
    def standing(self: ShardStore[Any], shard: int, order: Any, digest: bytes) -> Standing:
        held = self.held.get(shard)
        return Standing.SAME if held is not None and held.order == order else Standing.NEW

    def keep(self: SignedCollector, data: bytes) -> Any:
        return self._receive(Piece.of(self._states.opened(data)[1]))

    return _Both(
        patch.object(ShardStore, "standing", standing),
        patch.object(SignedCollector, "_receive_signed", keep),
    )


def _old_dates_count() -> Any:
    """A dated state said again dates its shard anew."""

    def sent_since(
        self: AgeBounds, shard: int, incarnation: int, elapsed: int, echo: Any, now_ns: int
    ) -> int:
        return now_ns

    return patch.object(AgeBounds, "sent_since", sent_since)


def _evidence_counts_again() -> Any:
    return patch.object(ProducerLogs, "accept", lambda *_: True)


class _Both:
    def __init__(self, *patches: Any) -> None:
        self._patches = patches

    def __enter__(self) -> None:
        for one in self._patches:
            one.__enter__()

    def __exit__(self, *error: Any) -> None:
        for one in self._patches:
            one.__exit__(*error)


_PLACE = Piece.place.__get__

PLANTED: dict[str, Callable[[], Any]] = {
    "signatures are not checked": _signatures_not_checked,
    "deployment and roster are not signed": _place_not_signed,
    "what is said is not signed": _body_not_signed,
    "the epoch is not compared": _epoch_not_compared,
    "states are held before their node has answered": _held_before_an_answer,
    "a message said again makes its node look alive": _heard_by_any_message,
    "nonces are not compared": _nonces_not_compared,
    "an answer counts from when it came": _dated_by_receipt,
    "an older state replaces a newer one": _older_replaces,
    "a dated state said again is dated anew": _old_dates_count,
    "evidence said again counts again": _evidence_counts_again,
}


def found_in(name: str, messages: int = 2_500) -> Tally:
    """Run parts with a planted fault until something changed, three at most."""
    tally = Tally()
    with PLANTED[name]():
        for trial in range(_MOST):
            tally.add(Part(f"planted/{trial}", messages).run())
            if tally.changes:
                break
    return tally
