"""`GET /v1/alarms`: pages of them, and as they come."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from consilience.service.http.answers import answer, page_limit, service_of
from consilience.service.http.problems import Problem
from consilience.service.http.sse import AlarmHub, event_of

__all__ = ["router"]

router = APIRouter()

_PAGE = 500
_PULSE_S = 10.0
"""So often a comment is sent to those who listen: what stands between ends silent connections."""


@router.get("/v1/alarms", tags=["out"])
def alarms(
    request: Request,
    after: int = 0,
    limit: int = Query(100),
    agent: str | None = None,
    newest: bool = False,
) -> Response:
    """Return alarms with numbers above `after`, in order; `next` is the next `after`.

    With `newest` those are the last of them, not the first.
    """
    service = service_of(request)
    found = service.database.alarms(after, page_limit(limit), agent, newest=newest)
    return answer(service, {"alarms": found, "next": found[-1]["id"] if found else after})


@router.get("/v1/alarms/stream", tags=["out"])
async def stream(request: Request, after: int | None = None) -> Response:
    """Send alarms as server-sent events; `Last-Event-ID` resumes after that number.

    Without it, and without `after`, only what comes from now on is sent.
    """
    last = request.headers.get("last-event-id")
    if last is not None and not last.isdecimal():
        raise Problem(
            422, "event-id", "no such event", f"Last-Event-ID {last!r}: the number of an alarm"
        )
    begin = int(last) if last is not None else after
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    events = _events(request, begin)
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


async def _events(request: Request, after: int | None) -> AsyncIterator[bytes]:
    service, hub = service_of(request), request.app.state.hub
    assert isinstance(hub, AlarmHub)
    with hub.listening() as queue:
        yield b": alarms\n\n"
        last = 0 if after is None else after
        while after is not None:
            page: list[dict[str, Any]] = await run_in_threadpool(
                service.database.alarms, last, _PAGE
            )
            for one in page:
                last = one["id"]
                yield event_of(one)
            if len(page) < _PAGE:
                break
        while True:
            try:
                alarm = await asyncio.wait_for(queue.get(), _PULSE_S)
            except TimeoutError:
                yield b": here\n\n"
                continue
            if alarm is None:
                return
            if alarm["id"] > last:
                last = alarm["id"]
                yield event_of(alarm)
