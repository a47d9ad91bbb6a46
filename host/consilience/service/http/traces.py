"""`POST /v1/traces`: OTLP over HTTP, as collectors and SDKs send it."""

import asyncio
from functools import partial

import msgspec
from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from consilience.service.engine import DiskFull
from consilience.service.http.answers import service_of
from consilience.service.http.bodies import body_of, media_type
from consilience.service.http.problems import Problem
from consilience.service.intake.spans import read_spans

__all__ = ["router"]

router = APIRouter()

_JSON, _PROTOBUF = "application/json", "application/x-protobuf"
_LONG = 1 << 18
_BODY = {"required": True, "content": {_PROTOBUF: {}, _JSON: {}}}


@router.post("/v1/traces", tags=["in"], openapi_extra={"requestBody": _BODY})
async def traces(request: Request) -> Response:
    """Take spans of agents (OTLP/HTTP, protobuf or JSON, gzip or not) in any order, late, twice.

    A run is what one agent does in one trace. It is scored with every new step by --model, and ends
    with its root span, or when no span has come for ten minutes.
    """
    service = service_of(request)
    if service.state.traces is None:
        raise Problem(
            409,
            "no-model",
            "nothing scores traces",
            "spans need a model that scores runs: start with --model FILE, as `consilience fit` "
            "makes it of good runs",
        )
    kind = media_type(request)
    if kind not in (_JSON, _PROTOBUF):
        raise Problem(
            415,
            "media-type",
            "an unknown media type",
            f"Content-Type {kind or 'is missing'}: send OTLP as {_PROTOBUF} or {_JSON}",
        )
    body = await body_of(request)
    read = partial(read_spans, body, is_json=kind == _JSON)
    # What is long is read beside the loop: others are answered meanwhile.
    spans, lost = await run_in_threadpool(read) if len(body) > _LONG else read()
    dropped = lost
    if spans:
        try:
            receipt = await asyncio.wrap_future(service.engine.submit_spans(spans))
        except DiskFull as error:  # exporters send again after 503, not after 507
            raise Problem(503, "disk-full", "no room for the spans", str(error)) from None
        dropped += receipt.too_old
    why = (
        f"{dropped} spans were not taken: of traces that had ended, without a trace id, or too "
        "many of one trace"
    )
    return _answered(kind, dropped, why, volatile=service.settings.volatile)


def _answered(kind: str, dropped: int, why: str, *, volatile: bool) -> Response:
    """Return OTLP's own answer."""
    headers = {"Consilience-Volatile": "true"} if volatile else None
    if kind == _JSON:
        partial = {"partialSuccess": {"rejectedSpans": str(dropped), "errorMessage": why}}
        content = msgspec.json.encode(partial if dropped else {})
        return Response(content, media_type=_JSON, headers=headers)
    if not dropped:
        return Response(b"", media_type=_PROTOBUF, headers=headers)
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
        ExportTraceServiceResponse,
    )

    made = ExportTraceServiceResponse()
    made.partial_success.rejected_spans = dropped
    made.partial_success.error_message = why
    return Response(made.SerializeToString(), media_type=_PROTOBUF, headers=headers)
