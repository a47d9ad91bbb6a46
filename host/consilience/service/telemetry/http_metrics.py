"""Figures of the HTTP server: requests by route and status, their time, how many are open."""

import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from consilience.extras import naming_extras

with naming_extras("the metrics of the service", "service"):
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

__all__ = ["HttpMetrics", "NamesRoute"]

_LOG = logging.getLogger(__name__)

_ROUTE = "consilience.route"
"""Key of a list in an ASGI scope: what is inside puts the template of the path into it."""

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_App = Callable[[_Scope, _Receive, _Send], Awaitable[None]]

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class HttpMetrics:
    """ASGI middleware around everything else, so that refusals are counted, too.

    A route is the template of its path, as ``/v1/agents/{agent}``, if `NamesRoute` is inside; and
    ``other`` for a path that is none and for what is refused before: no request makes a new label.

    Parameters
    ----------
    app : ASGI application
    registry : CollectorRegistry
    """

    def __init__(self, app: _App, registry: CollectorRegistry) -> None:
        self._app = app
        self._requests = Counter(
            "consilience_http_requests",
            "requests answered, by route and status",
            ["method", "route", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "consilience_http_request_seconds",
            "from the request to the end of its answer, streams of events left out",
            ["route"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._open = Gauge(
            "consilience_http_requests_open", "requests without an end yet", registry=registry
        )

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        """Pass a request on, and count it when its answer ends or is given up."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, is_stream = 0, False

        async def counted(message: MutableMapping[str, Any]) -> None:
            nonlocal status, is_stream
            if message["type"] == "http.response.start":
                status = message["status"]
                is_stream = any(
                    name == b"content-type" and value.startswith(b"text/event-stream")
                    for name, value in message.get("headers", ())
                )
            await send(message)

        began, routes = time.perf_counter(), list[str]()
        self._open.inc()
        try:
            await self._app({**scope, _ROUTE: routes}, receive, counted)
        except Exception:
            # The server above answers 500, if nothing was answered yet.
            status = status or 500
            raise
        finally:
            self._open.dec()
            route = routes[0] if routes else "other"
            method = scope["method"] if scope["method"] in _METHODS else "other"
            # 499: the client left before there was an answer.
            self._requests.labels(method, route, str(status or 499)).inc()
            seconds = time.perf_counter() - began
            if not is_stream:
                self._seconds.labels(route).observe(seconds)
            if _LOG.isEnabledFor(logging.DEBUG):
                said = {"method": method, "path": scope["path"], "status": status or 499}
                _LOG.debug("request", extra={**said, "ms": round(1000 * seconds, 1)})


class NamesRoute:
    """ASGI middleware around the routes: tells `HttpMetrics`, however far outside, which it was."""

    def __init__(self, app: _App) -> None:
        self._app = app

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        """Pass a request on."""
        try:
            await self._app(scope, receive, send)
        finally:
            path = getattr(scope.get("route"), "path_format", None)
            if path is not None and _ROUTE in scope:
                scope[_ROUTE].append(path)
