"""A replica started again: it does once more what its log says, and so says the same."""

from typing import Any

from consilience.distributed.epochs.digests import HASH_BYTES
from consilience.distributed.epochs.equivocation import Equivocation
from consilience.distributed.epochs.offers import Offer, Relay
from consilience.distributed.epochs.replica import Replica
from consilience.distributed.epochs.replica_records import (
    CLOSING,
    PROOF,
    RELAY,
    REPORT,
    ROSTER,
    ROUND,
    closing_record,
    reports_of,
)
from consilience.errors import BadInput

__all__ = ["carry_over", "do_again", "is_begun"]


def carry_over(replica: Replica[Any], carried: Offer) -> None:
    """Give a replica what it knew about closed epochs and had not brought to their closings."""
    for proof in carried.proofs:
        replica.admit_proof(proof)
    for signed in (*carried.late, *carried.reports):
        replica.admit(signed)


def is_begun(records: list[bytes], own: bytes, epoch: int) -> bool:
    """Return whether the log of an epoch begins as this replica's does; False if it is to be said.

    The roster may be another as long as nothing else was noted.

    Parameters
    ----------
    records : list of bytes
    own : bytes
        The `roster_record` of this replica.
    epoch : int

    Raises
    ------
    BadInput
        The log is of another replica, or the epoch was begun under another roster.
    """
    rosters = [record for record in records if record[:1] == ROSTER]
    if any(record[:-HASH_BYTES] != own[:-HASH_BYTES] for record in rosters):
        raise BadInput("the folder is of another replica; give this one a folder of its own")
    if rosters[-1:] == [own]:
        return True
    if len(rosters) != len(records):
        raise BadInput(
            f"epoch {epoch} was begun under another roster; close it under that one, and change "
            "the roster between epochs"
        )
    return False


def do_again(replica: Replica[Any], record: bytes) -> None:
    """Do what a record says; BadInput if it cannot be what this replica did."""
    kind, content = record[:1], record[1:]
    if kind == REPORT:
        for signed in reports_of(record):
            replica.admit(signed)
    elif kind == PROOF:
        replica.admit_proof(Equivocation.from_bytes(content))
    elif kind == CLOSING:
        if closing_record(replica.closing()) != record:
            raise BadInput(
                f"epoch {replica.epoch}: the log gives another offer than was said; recover from "
                "another replica once the epoch is closed"
            )
    elif kind == RELAY:
        replica.closing().receive(Relay.from_bytes(content))
    elif kind == ROUND:
        replica.closing().end_round()
    elif kind != ROSTER:
        raise BadInput(f"the log of epoch {replica.epoch} has a record of another version")
