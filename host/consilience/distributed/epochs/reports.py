"""Reports of agents: codes for one epoch of one shard, under the agent's signature."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Self

import numpy as np
from numpy.typing import NDArray

from consilience.distributed.epochs.scope import Scope
from consilience.distributed.epochs.signing import SIGNATURE_BYTES, Domain, SigningKey, is_signed
from consilience.distributed.epochs.wire import Reader, block, number, require_u64
from consilience.errors import BadInput

__all__ = ["LARGEST_PAYLOAD", "LEAST_BYTES", "AgentReport", "SignedReport", "codes_of"]

LARGEST_PAYLOAD = 1 << 20
"""Bytes of a payload at most."""

_MAGIC = b"CNER\2"
LEAST_BYTES = len(_MAGIC) + 24 + 24 + SIGNATURE_BYTES + 4
"""Of a signed report without a payload."""


@dataclass(frozen=True)
class AgentReport:
    """A report without its signature.

    Parameters
    ----------
    scope : Scope
        Deployment and shard: a report sent elsewhere counts nowhere and proves nothing.
    epoch, seq, agent : int
        u64 each. `seq` numbers the agent's reports of the epoch from 0.
    payload : bytes
        Codes as little-endian i32 (`codes_of`); at most `LARGEST_PAYLOAD` bytes.
    """

    scope: Scope
    epoch: int
    seq: int
    agent: int
    payload: bytes

    def __post_init__(self) -> None:
        require_u64("a report", epoch=self.epoch, seq=self.seq, agent=self.agent)
        if len(self.payload) > LARGEST_PAYLOAD:
            raise BadInput(
                f"payload of {len(self.payload)} bytes; a report has at most {LARGEST_PAYLOAD}: "
                "send several"
            )

    @cached_property
    def message(self) -> bytes:
        """What is signed: tag, deployment, shard, epoch, seq, agent, length of payload, payload.

        The length is an u32, the numbers are u64, all little-endian.
        """
        return Domain.REPORT + self._head() + block(self.payload)

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 of `message`: the report's identity.

        The signature is left out: the holder of a key can make many valid ones of one message.
        """
        return sha256(self.message).digest()

    def signed(self, key: SigningKey) -> "SignedReport":
        """Return this report under a key's signature."""
        return SignedReport(self, key.sign(self.message))

    def _head(self) -> bytes:
        return bytes(self.scope) + number(self.epoch, self.seq, self.agent)


@dataclass(frozen=True)
class SignedReport:
    """A report and a signature, which may be wrong: ask `is_by`.

    `bytes`: magic, deployment, shard, epoch, seq, agent (u64 LE), signature (64 bytes), length of
    the payload (u32 LE), payload.
    """

    report: AgentReport
    signature: bytes

    def __post_init__(self) -> None:
        if len(self.signature) != SIGNATURE_BYTES:
            raise BadInput(f"a signature has {SIGNATURE_BYTES} bytes, not {len(self.signature)}")

    def is_by(self, public: bytes) -> bool:
        """Return whether the holder of this key signed the report."""
        return is_signed(public, self.report.message, self.signature)

    @property
    def order(self) -> tuple[int, int, bytes]:
        """Place in a sorted report set: agent, seq, hash."""
        return self.report.agent, self.report.seq, self.report.hash

    def __bytes__(self) -> bytes:
        return _MAGIC + self.report._head() + self.signature + block(self.report.payload)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the report of `bytes`; BadInput for anything else."""
        reader = Reader("signed report", _MAGIC, data)
        scope = Scope.taken(reader)
        epoch, seq, agent = reader.number(), reader.number(), reader.number()
        signature = reader.take(SIGNATURE_BYTES)
        payload = reader.block()
        reader.end()
        return cls(AgentReport(scope, epoch, seq, agent, payload), signature)


def codes_of(payload: bytes) -> NDArray[np.int32] | None:
    """Return a payload's codes, or None if its length is not that of any number of codes."""
    if len(payload) % 4:
        return None
    return np.frombuffer(payload, "<i4").astype(np.int32)
