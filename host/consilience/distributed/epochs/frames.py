"""Frames: what one agent says in one epoch, under its signature."""

import struct
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from consilience.distributed.epochs.signing import SIGNATURE_BYTES, Domain, SigningKey, is_signed
from consilience.errors import BadInput

__all__ = ["LARGEST_PAYLOAD", "Frame", "SignedFrame", "codes_of"]

LARGEST_PAYLOAD = 1 << 20
"""Bytes of a payload at most."""

_HEADER = struct.Struct("<QQQ")


@dataclass(frozen=True)
class Frame:
    """A frame without its signature.

    Parameters
    ----------
    epoch, seq, agent : int
        u64 each. `seq` numbers the agent's frames of the epoch from 0.
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
                raise BadInput(f"{name} {getattr(self, name)} of a frame is not an u64")
        if len(self.payload) > LARGEST_PAYLOAD:
            raise BadInput(
                f"payload of {len(self.payload)} bytes; a frame has at most {LARGEST_PAYLOAD}: "
                "send several"
            )

    @cached_property
    def message(self) -> bytes:
        """What is signed: domain tag, epoch, seq, agent (u64 LE each), payload to the end."""
        return Domain.FRAME + _HEADER.pack(self.epoch, self.seq, self.agent) + self.payload

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 of `message`: the frame's identity.

        Without the signature: who holds a key can make many good ones of one message.
        """
        return sha256(self.message).digest()

    def signed(self, key: SigningKey) -> "SignedFrame":
        """Return this frame under a key's signature."""
        return SignedFrame(self, key.sign(self.message))


@dataclass(frozen=True)
class SignedFrame:
    """A frame and a signature, which may be wrong: ask `is_by`.

    `bytes`: epoch, seq, agent (u64 LE), signature (64 bytes), payload to the end.
    """

    frame: Frame
    signature: bytes

    def is_by(self, public: bytes) -> bool:
        """Return whether the holder of this key signed the frame."""
        return is_signed(public, self.frame.message, self.signature)

    @property
    def order(self) -> tuple[int, int, bytes]:
        """Place in a sorted frame set: agent, seq, hash."""
        return self.frame.agent, self.frame.seq, self.frame.hash

    def __bytes__(self) -> bytes:
        frame = self.frame
        header = _HEADER.pack(frame.epoch, frame.seq, frame.agent)
        return header + self.signature + frame.payload

    @classmethod
    def from_bytes(cls, data: bytes) -> "SignedFrame":
        """Return the frame of `bytes`; BadInput if they are too few or too many."""
        start = _HEADER.size + SIGNATURE_BYTES
        if len(data) < start:
            raise BadInput(f"a signed frame has at least {start} bytes, not {len(data)}")
        epoch, seq, agent = _HEADER.unpack_from(data)
        frame = Frame(epoch, seq, agent, bytes(data[start:]))
        return cls(frame, bytes(data[_HEADER.size : start]))


def codes_of(payload: bytes) -> NDArray[np.int32] | None:
    """Return a payload's codes, or None if its length is not that of any number of codes."""
    if len(payload) % 4:
        return None
    return np.frombuffer(payload, "<i4").astype(np.int32)
