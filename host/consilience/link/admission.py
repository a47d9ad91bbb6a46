"""How a server over TCP lets a client in, before the first byte of the link.

A client that has a token begins with `CNSA`, the version, the token's id and a nonce; the server
answers with `CNSA`, a `Step` in a byte, and what belongs to it:

    client                               server
    CNSA 1, id (8), nonce (32)   ->
                                 <-      CNSA CHALLENGE, nonce (32)
    proof (32)                   ->
                                 <-      CNSA ADMITTED, answer (32)

and from then on both speak the link. Proof and answer are those of `token_proof` over
`challenge_message`: both sides have shown that they know the token, which was not sent, and none of
it can be sent again. A server that asks for no token answers OPEN at once. A client without a token
begins with the link's frames: none begins with `CNSA`, because N is no frame type. A refusal is
`CNSA` and its step, and the end of the connection.
"""

from enum import IntEnum
from typing import NamedTuple

__all__ = [
    "HELLO_BYTES",
    "MAGIC",
    "NONCE_BYTES",
    "Hello",
    "Step",
    "challenge_message",
]

MAGIC = b"CNSA"
_VERSION = 1
_ID_BYTES = 8
NONCE_BYTES = 32
HELLO_BYTES = len(MAGIC) + 1 + _ID_BYTES + NONCE_BYTES
"""Of what a client with a token begins with."""


class Step(IntEnum):
    """What a server says; with a refusal the connection ends."""

    CHALLENGE = 1
    """The server's nonce follows, 32 bytes."""
    ADMITTED = 2
    """The server's answer follows, 32 bytes, and then the link."""
    OPEN = 3
    """No token is asked for; the link follows."""

    NEEDS_TOKEN = 16
    """The server listens off loopback, and asks for a token."""
    INVALID = 17
    """The token is unknown, expired or revoked, has not the scope, or the proof is wrong."""
    BUSY = 18
    """Another client is at work."""
    OTHER_VERSION = 19
    """The server knows another version of this."""

    @property
    def is_refusal(self) -> bool:
        """Whether the client is not let in."""
        return self >= Step.NEEDS_TOKEN

    def message(self, payload: bytes = b"") -> bytes:
        """Return the bytes that say it."""
        return MAGIC + bytes([self]) + payload


class Hello(NamedTuple):
    """What a client with a token begins with: the token's id in hex, and the client's nonce."""

    id: str
    nonce: bytes

    def message(self) -> bytes:
        """Return its bytes."""
        return MAGIC + bytes([_VERSION]) + bytes.fromhex(self.id) + self.nonce

    @classmethod
    def of_message(cls, data: bytes) -> "Hello | None":
        """Return the one that `HELLO_BYTES` bytes are; None if they are of another version."""
        if data[len(MAGIC)] != _VERSION:
            return None
        after = len(MAGIC) + 1 + _ID_BYTES
        return cls(data[len(MAGIC) + 1 : after].hex(), data[after:])


def challenge_message(hello: Hello, server_nonce: bytes, channel: bytes) -> bytes:
    """Return what proof and answer are over.

    Parameters
    ----------
    hello : Hello
    server_nonce : bytes
        32 bytes.
    channel : bytes
        SHA-256 of the server's certificate under TLS, else 32 zeros: a proof that somebody in the
        middle was given under another certificate is worth nothing here.
    """
    return b"consilience device 1\0" + hello.message() + server_nonce + channel
