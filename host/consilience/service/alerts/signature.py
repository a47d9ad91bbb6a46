"""Signatures of webhooks, as the specification Standard Webhooks 1.0 has them."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from consilience.errors import BadInput
from consilience.service.alerts.target_secret import Secret

__all__ = ["Signer"]

_PREFIX = "whsec_"
_BYTES = range(24, 65)
_MAKE = "make one: echo whsec_$(openssl rand -base64 32)"


@dataclass(frozen=True)
class Signer:
    """Signs with each of its keys, so that a receiver may change its key at any time.

    A signature is HMAC-SHA256 over ``ID.TIMESTAMP.BODY``: the id of the delivery, the time of the
    attempt in whole seconds UTC, and the bytes of the body as sent.
    """

    keys: Sequence[bytes] = field(repr=False)

    @classmethod
    def of(cls, secret: Secret) -> "Signer":
        """Return the signer of a secret: a ``whsec_`` key, or several, a line each.

        Raises
        ------
        BadInput
            A line is no such key of 24 to 64 bytes. The message does not hold it.
        """
        keys = []
        for number, line in enumerate(secret.value.split(), start=1):
            try:
                if not line.startswith(_PREFIX):
                    raise ValueError
                key = base64.b64decode(line.removeprefix(_PREFIX), validate=True)
            except (binascii.Error, ValueError):
                raise BadInput(
                    f"key {number} of {secret.source} is not whsec_ and base64; {_MAKE}"
                ) from None
            if len(key) not in _BYTES:
                raise BadInput(
                    f"key {number} of {secret.source} has {len(key)} bytes, of 24 to 64; {_MAKE}"
                )
            keys.append(key)
        return cls(tuple(keys))

    def headers(self, identifier: str, seconds: int, body: bytes) -> dict[str, str]:
        """Return the headers of a delivery."""
        signed = f"{identifier}.{seconds}.".encode() + body
        signatures = [
            base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in self.keys
        ]
        return {
            "webhook-id": identifier,
            "webhook-timestamp": str(seconds),
            "webhook-signature": " ".join(f"v1,{one}" for one in signatures),
        }
