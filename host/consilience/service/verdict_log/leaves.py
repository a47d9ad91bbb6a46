"""Leaves of the log of a service: one a record, one an alarm; the same records, the same leaves.

A leaf is a JSON array in ASCII, without spaces:

    ["begin", 1, deployment, position, options, seed_sha256]        what follows is judged so
    ["record", position, at_ms, kind, sha256, accepted, duplicates, too_old, runs, verdicts]
    ["refused", position, at_ms, kind, sha256]                       nothing of it was taken
    ["alarm", id, sha256]

The SHA-256 of a record is that of its bytes in the log of observations; `verdicts` that of T after
each run that has counted, in order, each an i64, little-endian, 2**31 where the history is too
short to judge it; that of an alarm is of its canonical JSON (sorted keys, no spaces), as the API
gives it but for `acknowledged_ms` and `scores`.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from consilience.audit.package import seed_check
from consilience.service.state import Applied
from consilience.service.store.observation_log import Record

__all__ = ["alarm_bytes", "alarm_leaf", "as_logged", "begin_leaf", "record_leaf", "refused_leaf"]

VERSION = 1
_NOT_JUDGED = 1 << 31


def begin_leaf(deployment: str, position: int, options: Mapping[str, Any], seed: int) -> bytes:
    """Return the first leaf: of records above a position."""
    return _leaf("begin", VERSION, deployment, position, dict(options), seed_check(seed))


def record_leaf(record: Record, done: Applied) -> bytes:
    """Return the leaf of a record and of what followed from it."""
    counts = done.accepted, done.duplicates, done.too_old
    statistics = done.judged.statistics
    codes = [_NOT_JUDGED if one is None else one for one in statistics]
    verdicts = hashlib.sha256(np.array(codes, "<i8").tobytes()).hexdigest()
    return _leaf("record", *_named(record), *counts, len(codes), verdicts)


def refused_leaf(record: Record) -> bytes:
    """Return the leaf of a record that was refused whole."""
    return _leaf("refused", *_named(record))


def alarm_leaf(alarm: Mapping[str, Any]) -> bytes:
    """Return the leaf of an alarm."""
    return _leaf("alarm", alarm["id"], hashlib.sha256(alarm_bytes(alarm)).hexdigest())


def alarm_bytes(alarm: Mapping[str, Any]) -> bytes:
    """Return the canonical JSON of an alarm: what its leaf is of."""
    kept = {name: value for name, value in as_logged(alarm).items() if name != "acknowledged_ms"}
    return json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()


def as_logged(alarm: Mapping[str, Any]) -> dict[str, Any]:
    """Return an alarm without what its leaf is not of, but `acknowledged_ms`: as proofs have it.

    Logs of before `scores` came are replayed to the same leaves.
    """
    return {name: value for name, value in alarm.items() if name != "scores"}


def _named(record: Record) -> tuple[int, int, int, str]:
    digest = hashlib.sha256(bytes(record)).hexdigest()
    return record.position, record.at_ms, int(record.kind), digest


def _leaf(*parts: Any) -> bytes:
    return json.dumps(parts, separators=(",", ":")).encode()
