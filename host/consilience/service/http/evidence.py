"""`POST /v1/evidence`: log-likelihoods of runs, by hypothesis."""

import asyncio
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from consilience.service.http.answers import answer, service_of
from consilience.service.http.bodies import body_of, media_type
from consilience.service.http.problems import Problem
from consilience.service.intake.evidence import read_evidence
from consilience.service.intake.rows import reader_of

__all__ = ["router"]

router = APIRouter()

_ROW: dict[str, Any] = {
    "type": "object",
    "required": ["agent", "run"],
    "properties": {
        "agent": {"type": ["string", "integer"]},
        "run": {"type": ["string", "integer"]},
    },
    "additionalProperties": {"type": "number", "description": "Log-likelihood of a hypothesis."},
}
_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["evidence"],
                "properties": {"evidence": {"type": "array", "items": _ROW}},
            }
        }
    },
}


@router.post("/v1/evidence", tags=["in"], openapi_extra={"requestBody": _BODY})
async def evidence(request: Request) -> Response:
    """Take evidence of runs: the score of a row is how much more likely the best other hypothesis
    is than that of --against. For the rest as `/v1/observations`.
    """
    service = service_of(request)
    options = service.settings.options
    if options.against is None:
        raise Problem(
            409,
            "no-hypothesis",
            "nothing says what good behaviour is",
            "log-likelihoods need to know which hypothesis is good behaviour: start with "
            "--against NAME",
        )
    if media_type(request) not in ("application/json", ""):
        raise Problem(415, "media-type", "an unknown media type", "send application/json")
    rows = read_evidence(await body_of(request), options.against, reader_of(options))
    receipt = await asyncio.wrap_future(service.engine.submit(rows))
    return answer(service, receipt._asdict())
