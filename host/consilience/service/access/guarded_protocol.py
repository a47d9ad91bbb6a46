"""HTTP/1.1 within its limits: headers of a bounded size, no client silent or stuck for long.

uvicorn bounds neither the size of headers nor the time until they are complete, nor how long an
answer waits for a client that does not read it.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from consilience.service.access.limits import Limits
from consilience.service.access.refusal import Refusal
from consilience.service.access.tls import subject_of

__all__ = ["LINGER_S", "GuardedProtocol"]

_RAW = 8
"""A body in chunks of one byte takes six times its size; what is above this is refused."""

LINGER_S = 2.0
"""Seconds in which a client may still send what nobody reads, to read why."""


_errors = logging.getLogger("uvicorn.error.guarded")
_errors.setLevel(logging.ERROR)  # no line for each request that is none: strangers send them


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 with limits of its own; parameters as there, `limits` before them."""

    def __init__(self, limits: Limits, let_go: Callable[[], None], **named: Any) -> None:
        super().__init__(**named)
        self.logger = _errors
        self._limits, self._let_go = limits, let_go
        self._most_raw = _RAW * limits.body_bytes + limits.header_bytes
        self._raw = 0  # bytes of the message that is coming
        self._in_body = False
        self._too_long = False
        self._deadline: asyncio.TimerHandle | None = None
        self._stuck: asyncio.TimerHandle | None = None
        self._tls: dict[object, object] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, with the time for the first headers."""
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        if tls is not None:
            peer = tls.getpeercert()
            self._tls = {"client_cert_name": subject_of(peer) if peer else None}
        self._wait(self._limits.idle_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._wait(None)
        self.resume_writing()
        super().connection_lost(exc)
        self._let_go()

    def data_received(self, data: bytes) -> None:
        """Take bytes, within the limits of headers, or of a whole message."""
        if self.transport.is_closing():
            return
        self._raw += len(data)
        if not self._in_body and self._deadline is None:
            self._wait(self._limits.idle_s)
        super().data_received(data)
        if self.parser is None or self.transport.is_closing():
            return
        if self._in_body and self._raw > self._most_raw:
            self.transport.abort()
        elif not self._in_body and self._raw > self._limits.header_bytes:
            self._refuse_headers()

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        if self._tls is not None:
            self.scope["extensions"] = {"tls": {**self._tls}}

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; a trailer is none, and uvicorn would put it among them."""
        if not self._in_body:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Let the app answer."""
        self._wait(None)
        self._in_body = True
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > self._limits.header_bytes:
            self._too_long = True
            raise ValueError("headers above their limit")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Be ready for the next request."""
        self._in_body, self._raw = False, 0
        super().on_message_complete()
        if self.cycle is not None and self.cycle.response_complete:
            self._wait(self._limits.idle_s)

    def on_response_complete(self) -> None:
        """Wait for the next request; or for the rest of this one, which nobody reads."""
        super().on_response_complete()
        if self._in_body and not self.transport.is_closing():
            self._wait(LINGER_S)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, as all errors are answered."""
        if self._too_long:
            self._refuse_headers()
        else:
            self._refuse(400, "this is no HTTP/1.1 request; check the client")

    def pause_writing(self) -> None:
        """Give a client that does not read some time."""
        super().pause_writing()
        if self._stuck is None:
            self._stuck = self.loop.call_later(self._limits.idle_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None
        super().resume_writing()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Let the app answer; what it sends to a connection that ends is for nobody."""
        send = cycle.send

        async def sending(message: Any) -> None:
            if self.transport.is_closing():
                cycle.disconnected = True
            await send(message)

        cycle.send = sending  # type: ignore[method-assign]
        super()._start_asgi_task(cycle, app)

    def _should_upgrade(self) -> bool:
        """No other protocol is spoken; the request is answered as it is."""
        return False

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: a stranger would fill the log."""

    def _wait(self, seconds: float | None) -> None:
        """End the connection after some time, unless something else is decided before."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self._late)

    def _late(self) -> None:
        if self.transport.is_closing():
            return
        if self._raw and not self._in_body:
            seconds = self._limits.idle_s
            self._refuse(408, f"the headers did not come within {seconds:g} s; send them at once")
        else:
            self.transport.close()

    def _refuse_headers(self) -> None:
        most = self._limits.header_bytes
        self._refuse(431, f"the headers are above {most} bytes; send fewer")

    def _refuse(self, status: int, detail: str) -> None:
        """Answer and end; in the middle of another answer only the latter."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(Refusal(status, detail).raw)
        self.transport.close()
