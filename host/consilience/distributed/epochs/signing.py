"""Ed25519 signatures over messages that cannot be taken for one another."""

from enum import Enum
from functools import lru_cache
from hashlib import sha256
from typing import NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

__all__ = ["PUBLIC_BYTES", "SIGNATURE_BYTES", "Domain", "SigningKey", "fingerprint", "is_signed"]

PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64


class Domain(bytes, Enum):
    """First 32 bytes of all that is signed or hashed: what it is, and the version of its form.

    All of one length, so that no message of one domain is one of another.
    """

    ROSTER = b"consilience roster 1".ljust(32, b"\0")
    REPORT = b"consilience frame 2".ljust(32, b"\0")
    OFFER = b"consilience offer 2".ljust(32, b"\0")
    KEPT = b"consilience kept frames 1".ljust(32, b"\0")
    REPORT_SET = b"consilience frame set 2".ljust(32, b"\0")
    EPOCH = b"consilience epoch 1".ljust(32, b"\0")
    VOTE = b"consilience vote 2".ljust(32, b"\0")
    PLANE = b"consilience plane 1".ljust(32, b"\0")
    STATE = b"consilience state 1".ljust(32, b"\0")
    ALIVE = b"consilience alive 1".ljust(32, b"\0")
    DATED = b"consilience dated 1".ljust(32, b"\0")
    EVIDENCE = b"consilience evidence 1".ljust(32, b"\0")
    RECEIPT = b"consilience receipt 1".ljust(32, b"\0")


class SigningKey:
    """A private key, which shows nothing but its fingerprint and leaves the process only as a file.

    See `key_files` for how it is kept.

    Parameters
    ----------
    key : Ed25519PrivateKey
    """

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._public = key.public_key().public_bytes_raw()

    @classmethod
    def generate(cls) -> "SigningKey":
        """Return a new key, from the system's source of randomness."""
        return cls(Ed25519PrivateKey.generate())

    @property
    def private(self) -> Ed25519PrivateKey:
        """The key itself, for `key_files.write_key_pair`."""
        return self._key

    @property
    def public(self) -> bytes:
        """The public key, `PUBLIC_BYTES` raw bytes."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message, `SIGNATURE_BYTES` long, the same each time."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"<SigningKey {fingerprint(self._public)}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a private key is not pickled; keep it in its file")


@lru_cache(maxsize=1 << 16)
def _public_key(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether `signature` is that of `message` by the key; False for what is none."""
    try:
        _public_key(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(public: bytes) -> str:
    """Return what people compare: the first 16 bytes of the public key's SHA-256, in hex."""
    return sha256(public).hexdigest()[:32]
