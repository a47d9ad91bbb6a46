"""`GET /v1/shards`: the shards of a plane, how old what they said is, and why some are refused."""

from typing import Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from consilience.service.http.answers import answer, page_limit, service_of

__all__ = ["router"]

router = APIRouter()

_NONE: dict[str, Any] = {
    "nats": None, "signed": False, "expected": None, "held": 0, "present": 0, "pieces": {},
    "shards": [], "next": None,
}  # fmt: skip


@router.get("/v1/shards", tags=["out"])
def shards(request: Request, after: int = 0, limit: int = Query(100)) -> Response:
    """Return the shards that the service watches (--nats), `next` the next `after`.

    `state` is present, silent (not heard for 10 s), refused, or not heard of; `reason` says why the
    last state that was refused was. `nats` says whether the server is there, and since when it is
    or is not. While it is gone, what was held stays, and ages grow.
    """
    service, watch = service_of(request), request.app.state.shards
    limit = page_limit(limit)
    return answer(service, _NONE if watch is None else watch.view(after, limit))
