"""ASGI middleware in front of everything: who asks, whether they may, and within which limits."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection

from consilience.rates import Rates, network_of
from consilience.service.access.audit_log import AuditLog
from consilience.service.access.bodies import Gone, Held, has_body, read_body
from consilience.service.access.browsers import check_host, check_site
from consilience.service.access.credentials import identified
from consilience.service.access.identity import ANYBODY, Identity
from consilience.service.access.limits import Limits
from consilience.service.access.refusal import Header, Message, Receive, Refusal, Scope, Send
from consilience.service.access.scopes import Scope as TokenScope
from consilience.service.access.scopes import needed_scope
from consilience.service.access.tokens import Tokens

__all__ = ["AUDIT", "IDENTITY", "App", "Guard"]

App = Callable[[Scope, Receive, Send], Awaitable[None]]

IDENTITY = "consilience.identity"
"""Key of the `Identity` in an ASGI scope that was let through."""

AUDIT = "consilience.audit"
"""Key of the `AuditLog`, for changes that a path alone does not tell."""

_REVOKED_S = 0.4
"""Seconds between two looks at who is still allowed what they are reading."""

_ALWAYS: list[Header] = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_UNPACKED = (b"content-encoding", b"content-length", b"transfer-encoding")

_log = logging.getLogger("consilience.service.access")


class Guard:
    """Lets a request through to an app, or answers it itself with problem details.

    In this order: the name it was sent to (on an open or loopback port), a valid token or
    certificate, its scope, its rate, no foreign page, the body. Without a credential the answer is
    the same 401 for every path, /metrics, /docs and /healthz included: a probe that wants to know
    whether the process lives has its answer in that. What the app gets has its body unpacked and at
    hand, and who asks and the audit log under `IDENTITY` and `AUDIT` in its scope.

    A request that is still being answered when its token is revoked or expires is ended within half
    a second. Every answered change by an admin is a line of the audit log.

    Parameters
    ----------
    app : ASGI app
    tokens : Tokens
    limits : Limits
    audit : AuditLog
    open_to_all : bool
        Let requests without a token do everything: for loopback alone.
    host_names : collection of str, optional
        The names that Host may have beside loopback's. None: any, for a port off loopback.

    Attributes
    ----------
    refused : Counter
        Refusals by their status.
    """

    def __init__(
        self,
        app: App,
        tokens: Tokens,
        limits: Limits,
        audit: AuditLog,
        *,
        open_to_all: bool = False,
        host_names: Collection[str] | None = None,
    ) -> None:
        self.refused: Counter[int] = Counter()
        self._app, self._tokens, self._limits, self._audit = app, tokens, limits, audit
        self._open, self._host_names = open_to_all, host_names
        self._rates = Rates(limits.rate, limits.burst)
        self._failures = Rates(limits.failures, limits.failure_burst)
        self._held = Held(limits.held_bytes)
        self._answering: dict[asyncio.Task[None], Identity] = {}
        self._ended: set[asyncio.Task[None]] = set()
        self._watching: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an ASGI event."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":  # none is served
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: list[Header] = list(scope["headers"])
        count = 0
        try:
            identity = self._admitted(scope, headers)
            if has_body(headers):
                body = await read_body(receive, headers, self._limits, self._held)
                count = len(body)
                receive = _given(body, receive)
                # Also the trailers that a server may add to the list later stay outside.
                headers = [one for one in headers if one[0] not in _UNPACKED]
                headers.append((b"content-length", b"%d" % count))
            inner = {**scope, "headers": headers, IDENTITY: identity, AUDIT: self._audit}
            await self._answer(inner, receive, send, identity)
        except Refusal as refusal:
            self.refused[refusal.status] += 1
            await refusal.send(send)
        except Gone:
            pass
        finally:
            self._held.give_back(count)

    def _admitted(self, scope: Scope, headers: list[Header]) -> Identity:
        """Return who a request comes from; raise the refusal of one that may not."""
        if self._host_names is not None:
            check_host(headers, self._host_names)
        network = network_of((scope.get("client") or ("",))[0])
        identity = self._identity(scope, headers, network)
        method, path = scope["method"], scope["path"]
        needed = needed_scope(method, path)
        if not identity.allows(needed):
            raise Refusal.forbidden(needed)
        if wait := self._rates.take(identity.id or network):
            raise Refusal.too_many(
                429,
                f"above {self._limits.rate:g} requests a second; send more in each, or wait",
                wait,
            )
        check_site(method, headers)
        return identity

    def _identity(self, scope: Scope, headers: list[Header], network: str) -> Identity:
        if self._open and not any(name == b"authorization" for name, _ in headers):
            return ANYBODY
        try:
            return identified(scope, headers, self._tokens)
        except Refusal:
            # A good token from the same address, as behind a proxy, is never held up by bad ones.
            if wait := self._failures.take(network):
                raise Refusal.too_many(
                    429, "too many requests without a valid token; wait", wait
                ) from None
            raise

    async def _answer(self, scope: Scope, receive: Receive, send: Send, identity: Identity) -> None:
        """Let the app answer, and end it when its credential does."""
        status, streams = 0, False

        async def sending(message: Message) -> None:
            nonlocal status, streams
            if message["type"] == "http.response.start":
                status = message["status"]
                names = {name.lower() for name, _ in message.get("headers", ())}
                streams = b"content-length" not in names
                added = [one for one in _ALWAYS if one[0] not in names]
                if b"cache-control" not in names:
                    added.append((b"cache-control", b"no-store"))
                message = {**message, "headers": [*message.get("headers", ()), *added]}
                await self._note(identity, scope, status)
            await send(message)

        task = asyncio.current_task()
        assert task is not None
        self._answering[task] = identity
        if self._watching is None or self._watching.done():
            self._watching = asyncio.get_running_loop().create_task(self._watch())
        try:
            await self._app(scope, receive, sending)
        except asyncio.CancelledError:
            if task not in self._ended:
                raise
            task.uncancel()
            if not status:
                raise Refusal.unauthorized(
                    "the token was revoked, or has expired; use another one", known=True
                ) from None
            if not streams:
                raise
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._answering.pop(task, None)
            self._ended.discard(task)

    async def _note(self, identity: Identity, scope: Scope, status: int) -> None:
        """Write down a change before its answer goes out; what is no change is none."""
        method, path = scope["method"], scope["path"]
        if needed_scope(method, path) is not TokenScope.ADMIN or status >= 400:
            return
        try:
            await asyncio.to_thread(self._audit.record, identity.told, f"{method} {path}")
        except OSError as error:
            _log.error("a change by %s is not in the log of changes: %s", identity.told, error)

    async def _watch(self) -> None:
        """End what is being answered to somebody who is no longer allowed to read it."""
        while self._answering:
            await asyncio.sleep(_REVOKED_S)
            ended = {one for one in set(self._answering.values()) if not self._tokens.is_valid(one)}
            for task, identity in list(self._answering.items()):
                if identity in ended and task not in self._ended:
                    _log.info("ended what %s was reading: no longer valid", identity.told)
                    self._ended.add(task)
                    task.cancel()


def _given(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives a body that is at hand, then what else the client does."""
    given = False

    async def receiving() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receiving
