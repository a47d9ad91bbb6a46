"""What a replica writes into its log: the first byte of a record says what it is."""

from hashlib import sha256
from typing import Any

from consilience.distributed.epochs.closing import Closing
from consilience.distributed.epochs.replica import Replica
from consilience.distributed.epochs.reports import LEAST_BYTES, SignedReport
from consilience.distributed.epochs.wire import Reader, block, number

__all__ = [
    "CLOSING",
    "LARGEST_RECORD",
    "PROOF",
    "RELAY",
    "REPORT",
    "ROSTER",
    "ROUND",
    "closing_record",
    "reports_of",
    "reports_record",
    "roster_record",
]

LARGEST_RECORD = 1 << 24
"""Bytes of reports that go to the disk together; one report may be longer."""

ROSTER = b"B"
"""The replica's number and the hash of the roster under which the epoch is open."""
REPORT = b"R"
"""Reports that were taken, in order."""
PROOF = b"P"
"""A proof about a closed epoch."""
CLOSING = b"C"
"""The closing has begun; SHA-256 of the own offer."""
RELAY = b"T"
"""A relay that was taken."""
ROUND = b"E"
"""A round has ended; its number."""


def roster_record(replica: Replica[Any]) -> bytes:
    """Return the first record of an epoch."""
    return ROSTER + number(replica.number) + replica.roster.hash


def closing_record(closing: Closing) -> bytes:
    """Return the record that the closing has begun with this offer."""
    return CLOSING + sha256(bytes(closing.offer)).digest()


def reports_record(reports: list[SignedReport]) -> bytes:
    """Return the record of reports that go to the disk together."""
    blocks = b"".join(block(bytes(signed)) for signed in reports)
    return REPORT + number(len(reports)) + blocks


def reports_of(record: bytes) -> list[SignedReport]:
    """Return the reports of a record, in order."""
    reader = Reader("record of reports", REPORT, record)
    count = reader.count(LEAST_BYTES)
    reports = [SignedReport.from_bytes(reader.block()) for _ in range(count)]
    reader.end()
    return reports
