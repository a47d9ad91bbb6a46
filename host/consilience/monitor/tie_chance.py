"""Chances that break ties: 64 bits for each run of each agent, from a secret seed."""

import hashlib
import struct

from consilience.monitor.agent_index import AgentId, id_bytes

__all__ = ["TieChance"]

_TAG = b"consilience conformal 1\0"
_ID = struct.Struct("<QBI")
_GOLDEN_RATIO = 0x9E3779B97F4A7C15
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_WORD = (1 << 64) - 1


class TieChance:
    """SplitMix64 of a keyed count: the same for a run while it is open and when it has ended.

    Parameters
    ----------
    seed : int
        u64, secret: who knows it can tell how a tie will be broken.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._keys: dict[AgentId, int] = {}

    @property
    def check(self) -> bytes:
        """4 bytes that tell another seed from this one."""
        return hashlib.sha256(_TAG + b"check" + self._seed.to_bytes(8, "little")).digest()[:4]

    def key(self, agent: AgentId) -> int:
        """Return the 64 bits at which an agent's chances begin."""
        key = self._keys.get(agent)
        if key is None:
            kind, name = id_bytes(agent)
            data = _TAG + _ID.pack(self._seed, kind, len(name)) + name
            key = int.from_bytes(hashlib.sha256(data).digest()[:8], "little")
            self._keys[agent] = key
        return key

    def of(self, agent: AgentId, ordinal: int) -> int:
        """Return the 64 bits of an agent's run, the `ordinal`-th that started in its history."""
        z = (self.key(agent) + (ordinal + 1) * _GOLDEN_RATIO) & _WORD
        z = ((z ^ (z >> 30)) * _FIRST) & _WORD
        z = ((z ^ (z >> 27)) * _SECOND) & _WORD
        return z ^ (z >> 31)
