"""What replicas compare: one digest of everything that decides an epoch, and those after it."""

from collections.abc import Iterable
from hashlib import sha256
from typing import SupportsBytes

from consilience.distributed.epochs.reports import SignedReport
from consilience.distributed.epochs.scope import Scope
from consilience.distributed.epochs.signing import Domain
from consilience.distributed.epochs.wire import number

__all__ = ["HASH_BYTES", "Kept", "epoch_digest", "kept_hash", "report_set_hash"]

HASH_BYTES = 32

Kept = tuple[int, bytes, bytes]
"""A closed epoch; `kept_hash` of its reports that still count, and of its late ones."""


def kept_hash(reports: Iterable[SignedReport]) -> bytes:
    """Return the SHA-256 of reports of a closed epoch: tag, then as `report_set_hash` has them."""
    return sha256(Domain.KEPT + _listed(reports)).digest()


def report_set_hash(
    scope: Scope,
    epoch: int,
    reports: Iterable[SignedReport],
    equivocators: Iterable[int],
    corrected: Iterable[tuple[int, int]],
    kept: Iterable[Kept] = (),
    named: Iterable[tuple[int, int]] = (),
) -> bytes:
    """Return the SHA-256 of a report set, and of all from which later epochs are computed.

    Over: tag, deployment, shard, epoch; count, then per report, sorted by agent, seq and hash, its
    agent, seq and hash; count, then each agent that equivocated, ascending; count, then (epoch,
    agent) of each correction, ascending; count, then epoch and two hashes of each closed epoch of
    the horizon, ascending (`Kept`); count, then (epoch, agent) of each proven liar of the horizon,
    ascending. Integers are u64 LE.
    """
    digest = sha256(Domain.REPORT_SET + bytes(scope) + number(epoch) + _listed(reports))
    agents = sorted(equivocators)
    digest.update(number(len(agents), *agents))
    digest.update(_pairs(corrected))
    epochs = sorted(kept)
    digest.update(number(len(epochs)))
    for closed, counted, late in epochs:
        digest.update(number(closed) + counted + late)
    digest.update(_pairs(named))
    return digest.digest()


def epoch_digest(epoch: int, shard: int, set_hash: bytes, state: SupportsBytes) -> bytes:
    """Return SHA-256 of tag, epoch and shard (u64 LE), report-set hash (32 bytes), bytes(state)."""
    return sha256(Domain.EPOCH + number(epoch, shard) + set_hash + bytes(state)).digest()


def _listed(reports: Iterable[SignedReport]) -> bytes:
    ordered = sorted(signed.order for signed in reports)
    return number(len(ordered)) + b"".join(number(agent, seq) + id_ for agent, seq, id_ in ordered)


def _pairs(pairs: Iterable[tuple[int, int]]) -> bytes:
    ordered = sorted(pairs)
    return number(len(ordered)) + b"".join(number(*pair) for pair in ordered)
