"""`GET /v1/log/...`: the Merkle log of the service; and the proof of an alarm in it."""

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from consilience.service.http.answers import answer, service_of
from consilience.service.http.problems import Problem
from consilience.service.verdict_log.leaves import as_logged
from consilience.service.verdict_log.verdict_log import VerdictLog

__all__ = ["router"]

router = APIRouter()

_FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}
_NOW = {"Cache-Control": "no-store"}


@router.get("/v1/log/checkpoint", tags=["log"])
def checkpoint(request: Request) -> Response:
    """Return the signed checkpoint: size and root of the log (C2SP tlog-checkpoint)."""
    return PlainTextResponse(_log_of(request).checkpoint(), headers=_NOW)


@router.get("/v1/log/key", tags=["log"])
def key(request: Request) -> Response:
    """Return the public key of the log, to be kept by who verifies."""
    return PlainTextResponse(f"{_log_of(request).key.text}\n", headers=_NOW)


@router.get("/v1/log/tile/{path:path}", tags=["log"])
def tile(request: Request, path: str) -> Response:
    """Return a tile or a bundle of entries (C2SP tlog-tiles), which never changes."""
    found = _log_of(request).tile(f"tile/{path}")
    if found is None:
        raise Problem(
            404,
            "no-such-tile",
            "the log has no such tile",
            f"tile {path}: the checkpoint says how many entries there are; a partial tile is gone "
            "once a longer one is there",
        )
    headers = _NOW if ".p/" in path else _FOR_EVER
    return Response(found, media_type="application/octet-stream", headers=headers)


@router.get("/v1/alarms/{number}/proof", tags=["log"])
async def proof(request: Request, number: int) -> Response:
    """Return an alarm and the proof that it is in the log; `verify.py` checks it."""
    service, log = service_of(request), _log_of(request)
    found = await run_in_threadpool(service.database.alarms, number - 1, 1)
    if not found or found[0]["id"] != number:
        raise Problem(404, "no-such-alarm", "there is no such alarm", f"alarm {number}: not said")
    if "log_index" not in found[0]:
        raise Problem(
            404,
            "no-proof",
            "the alarm is older than the log",
            f"alarm {number} was said before this service kept a log; later ones have proofs",
        )
    told = await run_in_threadpool(log.proof, found[0]["log_index"])
    return answer(service, {"alarm": as_logged(found[0]), **told})


def _log_of(request: Request) -> VerdictLog:
    log = service_of(request).verdicts
    if log is None:
        raise Problem(
            404, "no-log", "no log is kept", "the service is --volatile; start it with --state DIR"
        )
    return log
