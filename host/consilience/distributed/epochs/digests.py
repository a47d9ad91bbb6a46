"""What replicas compare: one digest of everything that decides an epoch."""

import struct
from collections.abc import Iterable
from hashlib import sha256
from typing import SupportsBytes

from consilience.distributed.epochs.reports import SignedReport
from consilience.distributed.epochs.signing import Domain

__all__ = ["epoch_digest", "report_set_hash"]

_PAIR = struct.Struct("<QQ")
_COUNT = struct.Struct("<Q")


def report_set_hash(
    epoch: int,
    shard: int,
    reports: Iterable[SignedReport],
    equivocators: Iterable[int],
    corrected: Iterable[tuple[int, int]],
) -> bytes:
    """Return the SHA-256 of a report set and of the agents whose evidence does not count.

    Over: tag, epoch, shard; count, then per report, sorted by agent, seq and hash, its agent, seq
    and hash; count, then each agent that equivocated, ascending; count, then (epoch, agent) of each
    correction, ascending. Integers are u64 LE.
    """
    digest = sha256(Domain.REPORT_SET + _PAIR.pack(epoch, shard))
    ordered = sorted(signed.order for signed in reports)
    digest.update(_COUNT.pack(len(ordered)))
    for agent, seq, report_hash in ordered:
        digest.update(_PAIR.pack(agent, seq) + report_hash)
    agents = sorted(equivocators)
    digest.update(_COUNT.pack(len(agents)))
    for agent in agents:
        digest.update(_COUNT.pack(agent))
    pairs = sorted(corrected)
    digest.update(_COUNT.pack(len(pairs)))
    for pair in pairs:
        digest.update(_PAIR.pack(*pair))
    return digest.digest()


def epoch_digest(epoch: int, shard: int, set_hash: bytes, state: SupportsBytes) -> bytes:
    """Return SHA-256 of tag, epoch and shard (u64 LE), report-set hash (32 bytes), bytes(state)."""
    return sha256(Domain.EPOCH + _PAIR.pack(epoch, shard) + set_hash + bytes(state)).digest()
