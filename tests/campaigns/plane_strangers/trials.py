"""Trials: messages of a stranger between honest ones, and what they change."""

import random
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consilience.distributed.epochs.signing import SigningKey
from consilience.distributed.members.plane_roster import PlaneRoster
from tests.campaigns.plane_strangers.stranger import KINDS, Stranger
from tests.campaigns.plane_strangers.trade import PRODUCER, SHARDS
from tests.campaigns.plane_strangers.world import World

__all__ = ["CHANGES", "MOST_KEPT", "Part", "Tally", "parts"]

CHANGES = {
    "watch": "what a watch holds: states, total, dates, number of shards, what it keeps",
    "trade": "what a shard takes of a producer, and what the producer knows of it",
    "read": "what a read node answers and says: ages, bounds, decision, echoes",
    "twin": "a watch or read node apart from its twin, which hears no stranger",
    "verdict": "posterior or decision of an agent",
}
"""What must not change, and how often it did."""

MOST_KEPT = SHARDS * 2 * 4096 + 256
"""Bytes: of each shard a state that arrives and one that is not dated, and some tables."""
_EACH = 2_500


@dataclass
class Tally:
    """What was tried, and what it changed."""

    messages: Counter[str] = field(default_factory=Counter)
    honest: int = 0
    verdicts: int = 0
    changes: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    fates: Counter[str] = field(default_factory=Counter)
    news: int = 0
    """Present states of nodes that the stranger brought first: not among `messages`."""
    kept: int = 0
    """Bytes that a watch kept at most, beside what it held."""

    @property
    def holds(self) -> bool:
        """Whether all kinds were tried, verdicts compared, and nothing changed."""
        tried = set(KINDS) <= set(self.messages) and self.verdicts > 0
        return tried and not self.changes and self.kept <= MOST_KEPT

    def add(self, other: "Tally") -> None:
        """Add what another part found."""
        self.messages += other.messages
        self.honest += other.honest
        self.verdicts += other.verdicts
        self.changes += other.changes
        self.fates += other.fates
        self.news += other.news
        self.kept = max(self.kept, other.kept)
        self.complaints += other.complaints[:5]

    def change(self, what: str, how: str) -> None:
        """Count a change."""
        self.changes[what] += 1
        self.complaints.append(f"{CHANGES[what]}: {how}")


@dataclass(frozen=True)
class Part:
    """Some messages of a stranger to one deployment.

    Parameters
    ----------
    seed : str
    messages : int
    """

    seed: str
    messages: int

    def run(self) -> Tally:
        """Run the deployment until the stranger has said so many messages."""
        chance, tally = random.Random(self.seed), Tally()
        members = (*range(1, SHARDS + 1), PRODUCER)
        keys = {member: _key(f"{self.seed}/{member}") for member in members}
        roster = _roster(keys)
        rotated = keys | {SHARDS: _key(f"{self.seed}/rotated")}
        known = {shard: key for shard, key in keys.items() if shard != SHARDS}
        elsewhere = [(_roster(keys, b"elsewhere"), keys), (_roster(rotated), known)]
        with tempfile.TemporaryDirectory(prefix="plane-strangers-") as folder:
            world = World(roster, keys, Path(folder), chance)
            try:
                self._disturb(world, Stranger(world, elsewhere, chance), chance, tally)
            finally:
                world.close()
        tally.fates += world.watch.counts + world.read.counts + world.trade.intake.counts
        tally.fates["evidence taken"] += world.trade.taken
        tally.fates["receipts"] += world.trade.producer.counts["taken"]
        return tally

    def _disturb(
        self, world: World, stranger: Stranger, chance: random.Random, tally: Tally
    ) -> None:
        for message in world.rounds():
            seen = world.seen()
            for _ in range(chance.choice((0, 1, 5, 20))):
                kind, drawn = stranger.draw()
                if world.is_news(drawn):
                    world.deliver(drawn)
                    tally.news += 1
                    seen = world.seen()
                    continue
                world.disturb(drawn)
                tally.messages[kind] += 1
                seen = _compared(seen, world.seen(), kind, tally)
            stranger.hear(message)
            world.deliver(message)
            tally.honest += 1
            if world.seen() != world.twins_seen():
                tally.change("twin", f"after an honest message to {message.where}")
                return  # one change makes all that follow differ
            tally.kept = max(tally.kept, world.kept)
            if message.where == "dated":
                here, there = world.verdicts()
                tally.verdicts += here is not None
                if here != there:
                    tally.change("verdict", "not that of the twin")
            if tally.messages.total() >= self.messages or tally.changes.total() > 20:
                return


def parts(messages: int, seed: int) -> list[Part]:
    """Return the parts of a campaign of so many messages."""
    count = -(-messages // _EACH)
    return [Part(f"{seed}/{number}", -(-messages // count)) for number in range(count)]


def _compared(
    before: tuple[object, ...], after: tuple[object, ...], kind: str, tally: Tally
) -> tuple[object, ...]:
    for what, one, other in zip(("watch", "read", "trade"), before, after, strict=True):
        if one != other:
            tally.change(what, f"by {kind}")
    return after


def _key(name: str) -> SigningKey:
    return SigningKey(Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest()))


def _roster(keys: dict[int, SigningKey], deployment: bytes = b"here") -> PlaneRoster:
    public = {member: key.public for member, key in keys.items()}
    producers = {PRODUCER: public.pop(PRODUCER)}
    return PlaneRoster(deployment.ljust(16), public, producers)
