"""Proofs of a package: of each alarm and reading, and from each earlier checkpoint."""

import json
from collections.abc import Sequence

from consilience.audit.checkpoint import NoteKey, opened_checkpoint
from consilience.audit.tiles import TileLog
from consilience.errors import BadInput

__all__ = ["PROVED", "proofs_document"]

PROVED = (b'["alarm",', b'["fleet",')
"""How records begin that get an inclusion proof."""


def proofs_document(
    log: TileLog, proved: list[int], key: NoteKey, previous: Sequence[str]
) -> bytes:
    """Return ``proofs.json``: what stands for itself later, without the rest of the log.

    Parameters
    ----------
    log : TileLog
    proved : list of int
        Indices of the records that get an inclusion proof, ascending.
    key : NoteKey
        The log's.
    previous : sequence of str
        Earlier checkpoints, notes; each gets a consistency proof.

    Raises
    ------
    BadInput
        An earlier checkpoint that is not of the beginning of this log.
    """
    consistency = []
    for note in previous:
        earlier = opened_checkpoint(note, key)
        if earlier.size > log.size or log.root_at(earlier.size) != earlier.root:
            raise BadInput(
                f"the checkpoint of {earlier.size} records is not the beginning of this log; give "
                "all runs since the first, as they were, and write packages that are to be "
                "continued with --goes-on"
            )
        proof = [one.hex() for one in log.consistency_proof(earlier.size)]
        consistency.append({"checkpoint": note, "hashes": proof})
    inclusion = [
        {
            "index": index,
            "record": log.entry(index).decode(),
            "hashes": [one.hex() for one in log.inclusion_proof(index)],
        }
        for index in proved
    ]
    lines = [json.dumps(one, separators=(",", ":"), ensure_ascii=False) for one in inclusion]
    told = json.dumps(consistency, separators=(",", ":"), ensure_ascii=False)
    body = ",\n".join(lines)
    return f'{{"consistency":{told},"inclusion":[\n{body}\n]}}\n'.encode()
