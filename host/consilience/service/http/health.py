"""`/healthz`: the process answers; `/readyz`: it takes observations, too."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from consilience.service.http.answers import answer, service_of
from consilience.service.http.problems import Problem

__all__ = ["router"]

router = APIRouter()


@router.get("/healthz", tags=["health"])
async def healthz(request: Request) -> Response:
    """Return that the process answers."""
    return answer(service_of(request), {"ok": True})


@router.get("/readyz", tags=["health"])
async def readyz(request: Request) -> Response:
    """Return that observations are taken; 503 if they are not."""
    service = service_of(request)
    if failure := service.engine.failure:  # asked once: a full disk may have room the next moment
        raise Problem(503, "storage-failed", "nothing is taken", failure)
    return answer(service, {"ready": True, "position": service.state.position})
