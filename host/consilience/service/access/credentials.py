"""The credential of a request: a token in its Authorization header, or its client certificate."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from consilience.service.access.identity import Identity
from consilience.service.access.refusal import Header, Refusal
from consilience.service.access.tokens import Tokens

__all__ = ["identified"]

_CURE = "send a token, as `Authorization: Bearer TOKEN` or as the password of Basic"


def identified(scope: Mapping[str, Any], headers: list[Header], tokens: Tokens) -> Identity:
    """Return who a request comes from, by its token, else by its certificate.

    Raises
    ------
    Refusal
        It has neither (401), or one that is worth nothing.
    """
    given = [value for name, value in headers if name == b"authorization"]
    if not given:
        subject = scope.get("extensions", {}).get("tls", {}).get("client_cert_name")
        if not subject:
            raise Refusal.unauthorized(f"nothing is answered without a token; {_CURE}", known=False)
        found = tokens.of_certificate(subject)
        if found is None:
            raise Refusal.unauthorized(
                "the client certificate is of nobody who may; give its name a scope: "
                "consilience service tokens create NAME --certificate",
                known=True,
            )
        return found
    text = _token_in(given[0]) if len(given) == 1 else None
    if text is None:
        raise Refusal.unauthorized(f"the Authorization header holds no token; {_CURE}", known=True)
    holder = tokens.check(text)
    if isinstance(holder, str):
        raise Refusal.unauthorized(
            f"the token is {holder}; make another one: consilience service tokens create NAME",
            known=True,
        )
    return holder


def _token_in(value: bytes) -> str | None:
    """Return the token in the value of the header; None if there is none."""
    kind, _, rest = value.decode("latin-1").strip().partition(" ")
    if kind.lower() == "bearer":
        return rest.strip()
    if kind.lower() == "basic":
        try:
            pair = base64.b64decode(rest.strip(), validate=True).decode()
        except (binascii.Error, ValueError):
            return None
        return pair.partition(":")[2]
    return None
