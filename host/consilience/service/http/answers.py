"""What all routes share: the service of a request, and answers that say if nothing is kept."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from consilience.service.access.guard import IDENTITY
from consilience.service.http.problems import Problem
from consilience.service.service import Service

__all__ = ["answer", "asker", "page_limit", "service_of"]

_ENCODER = msgspec.json.Encoder()
_MOST = 1000


def service_of(request: Request) -> Service:
    """Return the service that a request is for."""
    service = request.app.state.service
    assert isinstance(service, Service)
    return service


def answer(service: Service, content: dict[str, Any], status: int = 200) -> Response:
    """Return content as JSON."""
    if service.settings.volatile:
        content = {**content, "volatile": True}
    return Response(_ENCODER.encode(content), status, media_type="application/json")


def asker(request: Request) -> str | None:
    """Return the name of who asks, as its token or certificate has it."""
    identity = request.scope.get(IDENTITY)
    return None if identity is None else str(identity.name)


def page_limit(limit: int) -> int:
    """Return how many entries a page has; Problem if it cannot be."""
    if not 1 <= limit <= _MOST:
        raise Problem(422, "limit", "no such page", f"limit {limit}: 1 to {_MOST:,} entries a page")
    return limit
