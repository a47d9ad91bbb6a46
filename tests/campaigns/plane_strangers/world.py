"""A small deployment in virtual time: who signs, and who hears, each with a twin.

The stranger reaches a watch, a read node, a shard that takes evidence and a producer; their twins
hear the same honest messages, and nothing else. Whatever the stranger does, both must know the
same.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import consilience as cs
from consilience.distributed.epochs.signing import SigningKey
from consilience.distributed.members.alive import Nonces
from consilience.distributed.members.node_signatures import NodeSignatures
from consilience.distributed.members.plane_roster import PlaneRoster
from consilience.distributed.members.seal import SEAL_BYTES
from consilience.distributed.members.signed_collector import SignedCollector
from consilience.distributed.reads.dated_state import DatedState
from consilience.distributed.reads.fusion_rule import FusionRule
from consilience.distributed.reads.read_node import ReadNode
from consilience.distributed.reads.shard_state import Report
from consilience.distributed.staleness.discount import Discount
from consilience.distributed.staleness.shard_arrays import ShardArrays
from consilience.distributed.state_message import StateMessage
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.distributed.totals.verdicts import Verdicts
from consilience.distributed.write_ahead_log import WriteAheadLog
from tests.campaigns.plane_strangers.trade import EPOCH, NAMES, SHARDS, Trade

__all__ = ["RULE", "Delivery", "Node", "World"]

PAYLOAD = 700
S = 10**9
DISCOUNT = Discount(grace_ms=1_000, half_life_ms=2_000, max_age_ms=60_000)
RULE = FusionRule(ShardArrays((4, 4, 4), 100, DISCOUNT, 8192), faulty=1, epoch=EPOCH)


@dataclass(frozen=True)
class Delivery:
    """A message: where it goes (``state``, ``alive``, ``dated``, ``evidence``, ``receipt`` or
    ``call``), and what."""

    where: str
    data: bytes


class Node:
    """The node of a shard: a state that grows, and restarts with all of it."""

    def __init__(self, signatures: NodeSignatures, chance: random.Random) -> None:
        self.signatures, self._chance = signatures, chance
        self.incarnation, self.version = 1, 1
        self.nonces, self.sums = Nonces(), EvidenceSums(NAMES)
        self.grow()

    def grow(self) -> None:
        """Take a few rows of evidence."""
        rows = self._chance.randrange(1, 6)
        agents = [SHARDS * self._chance.randrange(12) + self.signatures.shard for _ in range(rows)]
        codes = np.random.default_rng(self._chance.getrandbits(32)).integers(-(2**20), 0, (rows, 2))
        self.sums.add(agents, codes.astype(np.int32))
        self.version += 1

    def restart(self) -> None:
        """Begin the next incarnation."""
        self.incarnation, self.version, self.nonces = self.incarnation + 1, 1, Nonces()

    @property
    def message(self) -> StateMessage:
        """Its state."""
        place = EPOCH, self.signatures.shard, SHARDS
        order = self.incarnation, self.version
        return StateMessage(*place, *order, False, False, bytes(self.sums))

    def pieces(self) -> list[bytes]:
        """Return the signed pieces of its state."""
        seal = self.signatures.states
        return [seal.sealed(piece) for piece in self.message.pieces(PAYLOAD - seal.overhead)]

    def answer(self) -> bytes:
        """Return its answer to the calls that it heard."""
        return self.signatures.sign_of_life(self.message, self.nonces.take())[1]


class World:
    """The deployment; `rounds` gives its honest messages without end.

    Parameters
    ----------
    roster : PlaneRoster
    keys : dict of int to SigningKey
        Of the nodes, and of `PRODUCER`.
    folder : Path
        For the logs of the read nodes.
    chance : Random
    """

    def __init__(
        self,
        roster: PlaneRoster,
        keys: dict[int, SigningKey],
        folder: Path,
        chance: random.Random,
    ) -> None:
        self.now_ns = 1_000 * S
        self.roster, self.keys, self._folder, self._chance = roster, keys, folder, chance
        signing = {shard: NodeSignatures(roster, shard, keys[shard]) for shard in roster.nodes}
        self.nodes = {shard: Node(one, chance) for shard, one in signing.items()}
        self._signing = signing
        self._logs: list[WriteAheadLog] = []
        self.past: list[Delivery] = []
        """What was said before the watch and the read nodes began."""
        self._begin_reads()
        self._live_once()
        self._begin_reads()
        self.watch, self.twin = self._new_watch(), self._new_watch()
        self.trade, self.trade_twin = (
            Trade(folder / name, roster, keys) for name in ("trade", "trade-twin")
        )
        self._device = cs.open("cpu")

    def close(self) -> None:
        """Close the logs."""
        for one in (*self._logs, self.trade, self.trade_twin, self._device):
            one.close()

    def deliver(self, message: Delivery) -> None:
        """Let an honest message reach all that listen."""
        self.disturb(message)
        if message.where == "state":
            self.twin.receive(message.data)
        elif message.where == "alive":
            self.twin.receive_alive(message.data)
        elif message.where == "dated":
            for node in (self.read_twin, *self.others):
                node.receive(message.data)
        else:
            self.trade_twin.hear(message)

    def disturb(self, message: Delivery) -> None:
        """Let a message reach those that have a twin; a call, the nodes, which answer to both."""
        if message.where == "state":
            self.watch.receive(message.data)
        elif message.where == "alive":
            self.watch.receive_alive(message.data)
        elif message.where == "dated":
            self.read.receive(message.data)
        elif message.where != "call":
            self.trade.hear(message)
        else:
            for node in self.nodes.values():
                node.nonces.hear(message.data)

    def is_news(self, message: Delivery) -> bool:
        """Return whether a message is a node's present one, and the twin has not the state yet.

        Whoever brings it then is the network: it is what its node says now.
        """
        if message.where != "state":
            return False
        shards = [n for n, node in self.nodes.items() if message.data in node.pieces()]
        return any(self.twin._store.order(n) < self.nodes[n].message.order for n in shards)

    def seen(self) -> tuple[object, ...]:
        """Return what the disturbed ones hold, date and would answer now."""
        return _watched(self.watch), _read(self.read), self.trade.seen()

    @property
    def kept(self) -> int:
        """Bytes of what the watch keeps and does not hold, and entries of its tables."""
        watch = self.watch
        undated = sum(len(message.state) for message in watch._not_dated.values())
        tables = len(watch._calls) + len(watch._last) + len(watch._arriving) + len(watch.counts)
        return watch._waiting_bytes + undated + tables + len(self.read.counts)

    def twins_seen(self) -> tuple[object, ...]:
        """Return the same of their twins."""
        return _watched(self.twin), _read(self.read_twin), self.trade_twin.seen()

    def verdicts(self) -> tuple[object, object]:
        """Return the table of posteriors and decisions at the watch, and at its twin."""
        tables = []
        for watch in (self.watch, self.twin):
            held = Verdicts.of(watch.total(), self._device) if watch.held else None
            tables.append(held and (held.decisions, held.batch.to_pydict(), watch.total().digest))
        return tables[0], tables[1]

    def rounds(self) -> Iterator[Delivery]:
        """Yield honest messages, in the order in which they are to be delivered, without end.

        Pieces of states come in any order. Now and then a node starts again, and so do the watch
        and its twin, which then hold nothing.
        """
        seq = 0
        while True:
            if self._chance.random() < 0.1:
                self.watch, self.twin = self._new_watch(), self._new_watch()
            calls = [watch.call() for watch in (self.watch, self.twin)]
            yield from (Delivery("call", call) for call in calls)
            said = []
            for node in self.nodes.values():
                if self._chance.random() < 0.1:
                    node.restart()
                elif self._chance.random() < 0.6:
                    node.grow()
                said += [Delivery("state", piece) for piece in node.pieces()]
                said.append(Delivery("alive", node.answer()))
            self.now_ns += self._chance.randrange(S)
            self._chance.shuffle(said)
            yield from said
            self.now_ns += S // 50  # the rate of changes lets one in
            for other in self.others:
                ratio = self._chance.randrange(-9000, 9000)
                other.accept(seq, Report(self._chance.randrange(4), ratio))
            for trade in (self.trade, self.trade_twin):
                sent = trade.send(seq)
            yield Delivery("evidence", sent)
            yield Delivery("receipt", self.trade_twin.receipt)
            seq += 1
            for speaker in self._chance.sample([self.read, *self.others], SHARDS):
                yield Delivery("dated", speaker.dated_state())

    def _new_watch(self) -> SignedCollector:
        return SignedCollector(self.roster, EPOCH, lambda: self.now_ns / S)

    def _begin_reads(self) -> None:
        """Start the read nodes, all at one moment, on their logs."""
        for log in self._logs:
            log.close()
        self._logs, began, made = [], self.now_ns, []
        for name, shard in (("1", 1), ("twin", 1), ("2", 2), ("3", 3)):
            self.now_ns = began
            self._logs.append(WriteAheadLog(self._folder / name))
            dated = self._signing[shard].dated
            clock, sleep = (lambda: self.now_ns), self._sleep
            made.append(ReadNode(shard, RULE, self._logs[-1], clock, sleep, dated))
        self.read, self.read_twin, *self.others = made

    def _sleep(self, seconds: float) -> None:
        self.now_ns += round(seconds * S)

    def _live_once(self) -> None:
        """A former life of all, of which the stranger has a recording."""
        for _ in range(4):
            for node in (self.read, *self.others):
                said = Delivery("dated", node.dated_state())
                self.past.append(said)
                for other in (self.read, self.read_twin, *self.others):
                    other.receive(said.data)
            self.now_ns += S
        for one in self.nodes.values():
            one.nonces.hear(bytes(16))
            self.past += [Delivery("state", piece) for piece in one.pieces()]
            self.past.append(Delivery("alive", one.answer()))
            one.restart()


def _watched(watch: SignedCollector) -> tuple[object, ...]:
    held = {shard: (one.order, one.digest, one.received) for shard, one in watch.held.items()}
    return watch.shards, held, dict(watch.heard), dict(watch.doubts), watch.lacking()


def _read(node: ReadNode) -> tuple[object, ...]:
    # What it would say holds the times that it has heard of the others: they date it by them. That
    # of a shard that was never dated may be of its former life, which dates nothing there.
    answer = node.read()
    said = DatedState.of(node.dated_state()[SEAL_BYTES:])
    dated = [shard for shard, age in enumerate(answer.ages_ms, 1) if age >= 0]
    echoes = [said.echo(shard) for shard in dated]
    return answer, said.elapsed_ns, said.message.digest, echoes, node.is_behind()
