"""A stranger with access to the network: it hears all and has no member's key."""

import random
import struct
import zlib
from collections import deque
from collections.abc import Callable

import numpy as np

from consilience.distributed.epochs.signing import Domain, SigningKey
from consilience.distributed.intake.messages import EvidenceMessage, Fate, Receipt
from consilience.distributed.members.alive import Alive
from consilience.distributed.members.plane_roster import PlaneRoster
from consilience.distributed.members.seal import SEAL_BYTES, Seal
from consilience.distributed.reads.dated_state import pack_dated_state
from consilience.distributed.reads.shard_state import ShardState
from consilience.distributed.state_message import StateMessage
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.robust.robust_histogram import RobustHistogram
from tests.campaigns.plane_strangers.trade import (
    EPOCH,
    NAMES,
    PRODUCER,
    SHARD,
    SHARDS,
    some_evidence,
)
from tests.campaigns.plane_strangers.world import RULE, Delivery, World

__all__ = ["KINDS", "Stranger"]

_REMEMBERED = 2_000
_ECHO = struct.Struct("<QQI")
_DOMAINS = {
    "state": Domain.STATE,
    "alive": Domain.ALIVE,
    "dated": Domain.DATED,
    "evidence": Domain.EVIDENCE,
    "receipt": Domain.RECEIPT,
}
_SENDER = slice(5 + 16 + 32, 5 + 16 + 32 + 8)


class Stranger:
    """Draws messages that no member sent to this place at this moment.

    Parameters
    ----------
    world : World
    elsewhere : list of (PlaneRoster, dict of int to SigningKey)
        Deployments and rosters in which the same nodes, with the same keys, say what would do most
        harm here: the stranger has that recorded.
    chance : Random
    """

    def __init__(
        self,
        world: World,
        elsewhere: list[tuple[PlaneRoster, dict[int, SigningKey]]],
        chance: random.Random,
    ) -> None:
        self._world, self._elsewhere, self._chance = world, elsewhere, chance
        self._key = SigningKey.generate()
        self._heard: deque[Delivery] = deque(maxlen=_REMEMBERED)
        self._calls: deque[bytes] = deque(maxlen=64)

    def hear(self, message: Delivery) -> None:
        """Record a message."""
        if message.where == "call":
            self._calls.append(message.data)
        else:
            self._heard.append(message)

    def draw(self) -> tuple[str, Delivery]:
        """Return a message and its kind."""
        kind = self._chance.choice(list(KINDS))
        return kind, KINDS[kind](self)

    def _recorded(self) -> Delivery:
        return self._chance.choice(self._heard or self._world.past)

    def random_bytes(self) -> Delivery:
        size = self._chance.choice((0, 1, 16, SEAL_BYTES, self._chance.randrange(3000)))
        return Delivery(self._where(), self._chance.randbytes(size))

    def unsigned(self) -> Delivery:
        where = self._where()
        return Delivery(where, self._harmful(where, self._chance.randrange(1, SHARDS + 1)))

    def unsigned_first(self) -> Delivery:
        """Of a division, shard or size that would set what is kept."""
        shard = self._chance.choice((0, 1, 9, 1 << 12, (1 << 32) - 1))
        shards = self._chance.choice((1, 4, (1 << 32) - 1))
        message = StateMessage(EPOCH, shard, shards, 1, 1, True, False, b"x" * 900)
        return Delivery("state", self._chance.choice(message.pieces(400)))

    def own_key(self) -> Delivery:
        where = self._where()
        sender = self._chance.choice((1, 2, 3, 0, 4, PRODUCER, (1 << 64) - 1))
        nodes = {sender: self._key.public}
        body = self._harmful(where, min(max(sender, 1), SHARDS))
        # The right roster's hash, which anyone can work out.
        seal = Seal(_DOMAINS[where], self._world.roster, nodes, sender, self._key)
        return Delivery(where, seal.sealed(body))

    def elsewhere(self) -> Delivery:
        """Of the same nodes in another deployment, or under another roster."""
        roster, keys = self._chance.choice(self._elsewhere)
        where = self._where()
        shard = self._chance.choice([one for one in keys if one != PRODUCER])
        return Delivery(where, self._signed(where, shard, roster, keys, EPOCH))

    def other_epoch(self) -> Delivery:
        where, shard = self._where(), self._chance.randrange(1, SHARDS + 1)
        world = self._world
        return Delivery(where, self._signed(where, shard, world.roster, world.keys, EPOCH + 1))

    def flipped_bits(self) -> Delivery:
        message = self._recorded()
        data = bytearray(message.data)
        for _ in range(self._chance.choice((1, 1, 2, 8))):
            data[self._chance.randrange(len(data))] ^= 1 << self._chance.randrange(8)
        if self._chance.random() < 0.5:  # the right CRC of what follows the seal
            data[-4:] = struct.pack("<I", zlib.crc32(data[SEAL_BYTES:-4]))
        same = bytes(data) == message.data
        return Delivery(message.where, bytes(data[:-1]) if same else bytes(data))

    def cut_or_longer(self) -> Delivery:
        message = self._recorded()
        if self._chance.random() < 0.5:
            size = self._chance.randrange(len(message.data))
            return Delivery(message.where, message.data[:size])
        return Delivery(message.where, message.data + self._chance.randbytes(3))

    def another_seal(self) -> Delivery:
        """The seal of one message before what another says."""
        one, other = self._recorded(), self._recorded()
        if one.data[SEAL_BYTES:] == other.data[SEAL_BYTES:]:
            return self.flipped_bits()
        return Delivery(other.where, one.data[:SEAL_BYTES] + other.data[SEAL_BYTES:])

    def another_sender(self) -> Delivery:
        message = self._recorded()
        data = bytearray(message.data)
        number = struct.unpack_from("<Q", data, _SENDER.start)[0]
        data[_SENDER] = struct.pack("<Q", number % SHARDS + 1)
        return Delivery(message.where, bytes(data))

    def other_subject(self) -> Delivery:
        message = self._recorded()
        others = [where for where in _DOMAINS if where != message.where]
        return Delivery(self._chance.choice(others), message.data)

    def said_again(self) -> Delivery:
        return self._recorded()

    def said_in_a_former_life(self) -> Delivery:
        return self._chance.choice(self._world.past)

    def call(self) -> Delivery:
        """A nonce of its own, or one of the watch once more."""
        again = self._calls and self._chance.random() < 0.5
        size = self._chance.choice((16, 16, 16, 0, 15, 900))
        nonce = self._chance.choice(self._calls) if again else self._chance.randbytes(size)
        return Delivery("call", nonce)

    def _signed(
        self,
        where: str,
        shard: int,
        roster: PlaneRoster,
        keys: dict[int, SigningKey],
        epoch: int,
    ) -> bytes:
        members, sender = roster.nodes, shard
        if where == "evidence":
            members, sender = roster.producers, PRODUCER
        seal = Seal(_DOMAINS[where], roster, members, sender, keys[sender])
        return seal.sealed(self._harmful(where, shard, epoch))

    def _where(self) -> str:
        return self._chance.choice(list(_DOMAINS))

    def _harmful(self, where: str, shard: int, epoch: int = EPOCH) -> bytes:
        """Return what would be taken and change most, were it its node's."""
        order = 1 << self._chance.randrange(20, 64), self._chance.randrange(1 << 64)
        if where == "alive":
            nonces = tuple(self._calls) or (bytes(16),)
            return bytes(Alive(epoch, *order, self._chance.randbytes(32), nonces))
        if where == "evidence":
            seq, rows = self._chance.randrange(200), some_evidence(self._chance.getrandbits(32))
            return bytes(EvidenceMessage(epoch, SHARD, PRODUCER, seq, rows))
        if where == "receipt":
            digests = self._world.trade.waiting if epoch == EPOCH else []
            digest = self._chance.choice([*digests, self._chance.randbytes(32)])
            return bytes(Receipt(digest, self._chance.choice(list(Fate)), "it says"))
        if where == "state":
            agents = [SHARDS * self._chance.randrange(12) + shard]
            codes = np.array([[self._chance.randrange(-(2**31), 2**31), 0]], np.int32)
            sums = EvidenceSums(NAMES).add(agents, codes)
            message = StateMessage(epoch, shard, SHARDS, *order, True, False, bytes(sums))
            return message.pieces(1 << 20)[0]
        histogram = RobustHistogram(RULE.shards.clip)
        for _ in range(3):
            histogram.add(8192)
        state = bytes(ShardState(histogram, 3 * 8192))
        message = StateMessage(epoch, shard, SHARDS, *order, False, False, state)
        read = self._world.read
        echo = _ECHO.pack(read.incarnation, max(0, read.elapsed_ns - 1000), 0)
        return pack_dated_state(self._chance.randrange(1 << 63), echo * SHARDS, message)


KINDS: dict[str, Callable[[Stranger], Delivery]] = {
    "random bytes": Stranger.random_bytes,
    "not signed": Stranger.unsigned,
    "not signed, of another division or shard": Stranger.unsigned_first,
    "signed with a key of its own": Stranger.own_key,
    "signed by the member, for another deployment or roster": Stranger.elsewhere,
    "signed by the member, for another epoch": Stranger.other_epoch,
    "recorded, bits flipped": Stranger.flipped_bits,
    "recorded, cut or made longer": Stranger.cut_or_longer,
    "recorded, under the seal of another": Stranger.another_seal,
    "recorded, under the name of another": Stranger.another_sender,
    "recorded, on another subject": Stranger.other_subject,
    "recorded, said again in any order": Stranger.said_again,
    "recorded in a former life of the nodes": Stranger.said_in_a_former_life,
    "calls, new and repeated": Stranger.call,
}
