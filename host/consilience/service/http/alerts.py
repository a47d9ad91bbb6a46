"""What became of alarms: who was told, acknowledgements, silences."""

from typing import Annotated, TypeVar

import msgspec
from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from consilience.errors import BadInput
from consilience.service.http.answers import answer, asker, page_limit, service_of
from consilience.service.http.bodies import body_of
from consilience.service.http.problems import Problem

__all__ = ["router"]

router = APIRouter()

_LONGEST_NOTE = 1000
_Note = Annotated[str, msgspec.Meta(max_length=_LONGEST_NOTE)]
_NUMBERS = range(1 << 63)

Body = TypeVar("Body", bound=msgspec.Struct)


class Acknowledgement(msgspec.Struct, forbid_unknown_fields=True):
    """Body of an acknowledgement."""

    note: _Note | None = None


class NewSilence(msgspec.Struct, forbid_unknown_fields=True):
    """Body of a silence: its end, ms UTC, or its length by the clock of the service."""

    pattern: str
    until_ms: int | None = None
    for_ms: int | None = None
    note: _Note | None = None


_NOTE = {"type": "string", "maxLength": _LONGEST_NOTE}


def _schema(*required: str, **properties: object) -> dict[str, object]:
    schema = {"type": "object", "required": list(required), "properties": properties}
    content = {"application/json": {"schema": {**schema, "additionalProperties": False}}}
    return {"requestBody": {"required": bool(required), "content": content}}


@router.get("/v1/alerts", tags=["alerts"])
def alerts(
    request: Request, after: int = 0, limit: int = Query(100), standing: bool = True
) -> Response:
    """Return alarms with what became of telling them; `standing=false` also those that ended.

    Each has `ended` (null, or when, how, by whom), `silenced`, and `told`: for each target and
    event attempts, when it was taken, when it is tried next, or why it is `gone`.
    """
    service = service_of(request)
    if after not in _NUMBERS:
        raise Problem(422, "page", "no such page", f"after {after}: the `next` of a page")
    page, following = service.alerting.dispatcher.listed(
        after, page_limit(limit), standing=standing
    )
    return answer(service, {"alerts": page, "next": following})


@router.post("/v1/alarms/{number}/acknowledge", tags=["alerts"], openapi_extra=_schema(note=_NOTE))
async def acknowledge(request: Request, number: int) -> Response:
    """Acknowledge an alarm: all that stands of its agent ends, and its statistic begins anew.

    Its history of scores stays. A run that alarmed and is still open may alarm again at its end.
    """
    service = service_of(request)
    found = await _read(request, Acknowledgement)
    ended = (
        await run_in_threadpool(service.alerting.acknowledge, number, asker(request), found.note)
        if number in _NUMBERS
        else []
    )
    if not ended:
        raise Problem(
            404, "no-such-alarm", "no such alarm", f"there is no alarm {number}; see /v1/alarms"
        )
    return answer(service, {"acknowledged": ended})


@router.get("/v1/silences", tags=["alerts"])
def silences(request: Request) -> Response:
    """Return the silences that hold."""
    service = service_of(request)
    return answer(service, {"silences": service.alerting.dispatcher.silenced()})


@router.post(
    "/v1/silences",
    tags=["alerts"],
    openapi_extra=_schema(
        "pattern",
        pattern={"type": "string", "description": "Of agents' names: *, ?, [abc]."},
        until_ms={"type": "integer", "description": "Its end, ms UTC; or for_ms."},
        for_ms={"type": "integer", "description": "Its length; or until_ms."},
        note=_NOTE,
    ),
)
async def silence(request: Request) -> Response:
    """Tell nobody of the agents of a pattern until a time; what still stands then is told then."""
    service = service_of(request)
    new = await _read(request, NewSilence)
    dispatcher = service.alerting.dispatcher
    if (new.until_ms is None) == (new.for_ms is None):
        raise BadInput("a silence has an end: give until_ms (ms UTC) or for_ms, one of them")
    until_ms = new.until_ms if new.for_ms is None else dispatcher.now() + new.for_ms
    if until_ms is None or until_ms not in _NUMBERS:
        raise BadInput("until_ms and for_ms are milliseconds, since 1970 and from now on")
    made = await run_in_threadpool(
        dispatcher.silence, new.pattern, until_ms, asker(request), new.note
    )
    return answer(service, made, 201)


@router.delete("/v1/silences/{number}", tags=["alerts"])
def lift(request: Request, number: int) -> Response:
    """End a silence now."""
    service = service_of(request)
    try:
        return answer(
            service, service.alerting.dispatcher.lift(number if number in _NUMBERS else 0)
        )
    except BadInput as error:
        raise Problem(404, "no-such-silence", "no such silence", str(error)) from None


async def _read(request: Request, kind: type[Body]) -> Body:
    """Return the body of a request; an empty one has no fields."""
    body = await body_of(request)
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(422, "body", "the body cannot be taken", f"{error}; /docs has it") from None
