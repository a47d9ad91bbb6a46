"""A request that is refused before it reaches a route: problem details (RFC 9457)."""

import json
import math
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

__all__ = ["Header", "Message", "Receive", "Refusal", "Scope", "Send"]

Header = tuple[bytes, bytes]
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_REALM = b'realm="consilience"'

_KINDS = {
    400: "damaged",
    401: "no-token",
    403: "not-allowed",
    408: "too-slow",
    413: "too-long",
    415: "packing",
    421: "other-host",
    429: "too-many",
    431: "too-long",
    503: "busy",
}
"""Last part of a problem's type, by its status."""


class Refusal(Exception):
    """Why a request is refused.

    Parameters
    ----------
    status : int
        HTTP's.
    detail : str
        What is wrong, and the cure; holds nothing of what the client sent but numbers.
    headers : sequence of (name, value)
    """

    def __init__(self, status: int, detail: str, *headers: Header) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers

    @classmethod
    def unauthorized(cls, detail: str, *, known: bool) -> "Refusal":
        """Return that of a request without a valid credential; `known`: it had one of some kind."""
        bearer = b"Bearer " + _REALM + (b', error="invalid_token"' if known else b"")
        return cls(
            401,
            detail,
            (b"www-authenticate", bearer),
            (b"www-authenticate", b"Basic " + _REALM + b', charset="UTF-8"'),
        )

    @classmethod
    def forbidden(cls, scope: str) -> "Refusal":
        """Return that of a request that its token does not allow."""
        challenge = b"Bearer " + _REALM + b', error="insufficient_scope", scope="%s"'
        return cls(
            403,
            f"this needs the scope {scope}, which you have not; have a token made: "
            f"consilience service tokens create NAME --scope {scope}",
            (b"www-authenticate", challenge % scope.encode()),
        )

    @classmethod
    def too_many(cls, status: int, detail: str, wait: float) -> "Refusal":
        """Return one that says when to come again."""
        return cls(status, detail, (b"retry-after", b"%d" % max(1, math.ceil(wait))))

    @property
    def body(self) -> bytes:
        """The problem."""
        problem = {
            "type": f"urn:consilience:problem:{_KINDS[self.status]}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        return json.dumps(problem).encode()

    @property
    def all_headers(self) -> list[Header]:
        """Headers of the answer."""
        return [
            (b"content-type", b"application/problem+json"),
            (b"content-length", b"%d" % len(self.body)),
            (b"cache-control", b"no-store"),
            *self.headers,
        ]

    @property
    def raw(self) -> bytes:
        """The whole answer, after which the connection ends."""
        head = [b"HTTP/1.1 %d %s" % (self.status, HTTPStatus(self.status).phrase.encode())]
        head += [name + b": " + value for name, value in self.all_headers]
        return b"\r\n".join([*head, b"connection: close", b"", self.body])

    async def send(self, send: Send) -> None:
        """Answer with it."""
        start = {"type": "http.response.start", "status": self.status, "headers": self.all_headers}
        await send(start)
        await send({"type": "http.response.body", "body": self.body})
