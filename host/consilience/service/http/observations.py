"""`POST /v1/observations`: rows in, answered once they are on the disk and judged."""

import asyncio
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from consilience.service.http.answers import answer, service_of
from consilience.service.http.bodies import body_of, media_type
from consilience.service.http.notes import check_admin, noted, write_down
from consilience.service.http.problems import Problem
from consilience.service.intake.rows import reader_of

__all__ = ["router"]

router = APIRouter()

_LINES = "application/x-ndjson", "application/jsonl", "application/json-lines"
_ROW: dict[str, Any] = {
    "type": "object",
    "required": ["agent"],
    "additionalProperties": False,
    "properties": {
        "agent": {"type": ["string", "integer"]},
        "run": {"type": ["string", "integer"], "description": "One task of the agent."},
        "step": {"type": "integer", "description": "Place of a score in its run; counts once."},
        "score": {"type": "number", "description": "High is suspect."},
        "event": {
            "enum": ["run", "start", "score", "end", "acknowledge", "recalibrate"],
            "default": "run",
        },
        "at": {"type": "integer", "description": "ms; orders nothing, ends runs by --deadline."},
        "group": {"type": ["string", "integer"]},
        "cut": {"enum": ["independent", "suspected"]},
        "reporter": {
            "type": ["string", "integer"],
            "description": "Who says it, with --faulty; speaks once of a run.",
        },
        "x": {"type": "array", "items": {"type": "number"}, "description": "With --asserted."},
    },
}
_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["observations"],
                "properties": {"observations": {"type": "array", "items": _ROW}},
            }
        },
        "application/x-ndjson": {"schema": _ROW},
    },
}


@router.post("/v1/observations", tags=["in"], openapi_extra={"requestBody": _BODY})
async def observe(request: Request) -> Response:
    """Take observations of runs: all of them or none.

    The same (agent, run, step) counts once, however often it is sent: send again what was not
    answered. The first row of a run starts it. 200 comes after the disk has it.
    """
    service = service_of(request)
    kind = media_type(request)
    if kind not in ("application/json", "", *_LINES):
        raise Problem(
            415,
            "media-type",
            "an unknown media type",
            f"Content-Type {kind}: send application/json, or a row a line as application/x-ndjson",
        )
    options = service.settings.options
    if options.against is not None:
        raise Problem(
            409,
            "evidence-expected",
            "the service takes evidence",
            "it was started with --against, so that scores are differences of log-likelihoods; "
            "send these to /v1/evidence",
        )
    body = await body_of(request)
    reader = reader_of(options)
    rows = reader.read(body, lines=kind in _LINES)
    notes = noted(rows)
    if notes:
        check_admin(request)
    receipt = await asyncio.wrap_future(service.engine.submit(rows))
    if notes:
        await write_down(request, notes)
    return answer(service, receipt._asdict())
