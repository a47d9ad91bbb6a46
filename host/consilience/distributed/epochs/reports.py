"""Reports of agents: codes for one epoch, under the agent's signature."""

import struct
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from consilience.distributed.epochs.signing import SIGNATURE_BYTES, Domain, SigningKey, is_signed
from consilience.errors import BadInput

__all__ = ["LARGEST_PAYLOAD", "AgentReport", "SignedReport", "codes_of"]

LARGEST_PAYLOAD = 1 << 20
"""Bytes of a payload at most."""

_HEADER = struct.Struct("<QQQ")


@dataclass(frozen=True)
class AgentReport:
    """A report without its signature.

    Parameters
    ----------
    epoch, seq, agent : int
        u64 each. `seq` numbers the agent's reports of the epoch from 0.
    payload : bytes
        Codes as little-endian i32 (`codes_of`); at most `LARGEST_PAYLOAD` bytes.
    """

    epoch: int
    seq: int
    agent: int
    payload: bytes

    def __post_init__(self) -> None:
        for name in ("epoch", "seq", "agent"):
            if not 0 <= getattr(self, name) < 1 << 64:
                raise BadInput(f"{name} {getattr(self, name)} of a report is not an u64")
        if len(self.payload) > LARGEST_PAYLOAD:
            raise BadInput(
                f"payload of {len(self.payload)} bytes; a report has at most {LARGEST_PAYLOAD}: "
                "send several"
            )

    @cached_property
    def message(self) -> bytes:
        """What is signed: domain tag, epoch, seq, agent (u64 LE each), payload to the end."""
        return Domain.REPORT + _HEADER.pack(self.epoch, self.seq, self.agent) + self.payload

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 of `message`: the report's identity.

        The signature is left out: the holder of a key can make many valid ones of one message.
        """
        return sha256(self.message).digest()

    def signed(self, key: SigningKey) -> "SignedReport":
        """Return this report under a key's signature."""
        return SignedReport(self, key.sign(self.message))


@dataclass(frozen=True)
class SignedReport:
    """A report and a signature, which may be wrong: ask `is_by`.

    `bytes`: epoch, seq, agent (u64 LE), signature (64 bytes), payload to the end.
    """

    report: AgentReport
    signature: bytes

    def is_by(self, public: bytes) -> bool:
        """Return whether the holder of this key signed the report."""
        return is_signed(public, self.report.message, self.signature)

    @property
    def order(self) -> tuple[int, int, bytes]:
        """Place in a sorted report set: agent, seq, hash."""
        return self.report.agent, self.report.seq, self.report.hash

    def __bytes__(self) -> bytes:
        report = self.report
        header = _HEADER.pack(report.epoch, report.seq, report.agent)
        return header + self.signature + report.payload

    @classmethod
    def from_bytes(cls, data: bytes) -> "SignedReport":
        """Return the report of `bytes`; BadInput if they are too few or too many."""
        start = _HEADER.size + SIGNATURE_BYTES
        if len(data) < start:
            raise BadInput(f"a signed report has at least {start} bytes, not {len(data)}")
        epoch, seq, agent = _HEADER.unpack_from(data)
        report = AgentReport(epoch, seq, agent, bytes(data[start:]))
        return cls(report, bytes(data[_HEADER.size : start]))


def codes_of(payload: bytes) -> NDArray[np.int32] | None:
    """Return a payload's codes, or None if its length is not that of any number of codes."""
    if len(payload) % 4:
        return None
    return np.frombuffer(payload, "<i4").astype(np.int32)
