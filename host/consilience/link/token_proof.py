"""Tokens, and how one is proved: shown over TLS, or over a clear line by a challenge.

A token is ``cns_ID_SECRET``, drawn by the machine: 64 bits that name it, 256 that nobody guesses.
What a server keeps of the secret opens nothing: it checks, and answers, as in SCRAM (RFC 5802,
section 3; RFC 7677), without salt and rounds, which are for secrets that people choose:

    client key = HMAC(secret, "Client Key")       stored key = SHA-256(client key)
    server key = HMAC(secret, "Server Key")
    proof      = client key XOR HMAC(stored key, message)
    answer     = HMAC(server key, message)

The message holds a nonce of either side, so that nothing that is heard can be sent again.
"""

import hashlib
import hmac
import re
import secrets
from typing import NamedTuple, Self

__all__ = ["NO_KEYS", "PATTERN", "PROOF_BYTES", "Token", "TokenKeys"]

PATTERN = re.compile(r"cns_([0-9a-f]{16})_([0-9a-f]{64})")
"""Text of a token: its id and its secret."""

PROOF_BYTES = 32
"""Of a proof, and of its answer."""


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)


def _xor(one: bytes, other: bytes) -> bytes:
    """Return both, bit by bit, as one number: a loop over bytes would take a time of their own."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(PROOF_BYTES)


class TokenKeys(NamedTuple):
    """What a server keeps of a token's secret: enough to check it, not to use it."""

    stored: bytes
    server: bytes

    def take(self, message: bytes, proof: bytes) -> bytes | None:
        """Return the answer to a right proof of the token over a message; None if it is wrong."""
        if len(proof) != PROOF_BYTES:
            return None
        mask = _mac(self.stored, message)
        client = _xor(proof, mask)
        if not hmac.compare_digest(hashlib.sha256(client).digest(), self.stored):
            return None
        return _mac(self.server, message)

    def equal(self, other: "TokenKeys") -> bool:
        """Return whether two are of one secret, in a time that does not depend on either."""
        return hmac.compare_digest(self.stored, other.stored)


NO_KEYS = TokenKeys(bytes(32), bytes(32))
"""Compared with in place of the keys of a token that is not there: SHA-256 of nothing known."""


class Token(NamedTuple):
    """A token, as whoever uses it holds it; its text is not in its repr."""

    id: str
    secret: bytes

    @classmethod
    def drawn(cls) -> Self:
        """Return a new one from the system's randomness."""
        return cls(secrets.token_hex(8), secrets.token_bytes(32))

    @classmethod
    def of_text(cls, text: str) -> Self | None:
        """Return the token that a text is; None if it is none."""
        found = PATTERN.fullmatch(text)
        return cls(found[1], bytes.fromhex(found[2])) if found else None

    @property
    def text(self) -> str:
        """The token itself: to be shown once, and kept by its user."""
        return f"cns_{self.id}_{self.secret.hex()}"

    @property
    def keys(self) -> TokenKeys:
        """What a server keeps of it."""
        client = _mac(self.secret, b"Client Key")
        return TokenKeys(hashlib.sha256(client).digest(), _mac(self.secret, b"Server Key"))

    def proof(self, message: bytes) -> bytes:
        """Return the proof over a message, 32 bytes."""
        client = _mac(self.secret, b"Client Key")
        mask = _mac(hashlib.sha256(client).digest(), message)
        return _xor(client, mask)

    def answered(self, message: bytes, answer: bytes) -> bool:
        """Return whether the other side knows the token, by its answer to a proof."""
        return hmac.compare_digest(_mac(self.keys.server, message), answer)

    def __repr__(self) -> str:
        return f"Token({self.id})"
