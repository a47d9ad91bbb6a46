"""`GET /v1/fleet` and `GET /v1/status`."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from consilience.service.http.answers import answer, service_of
from consilience.service.views import fleet_view

__all__ = ["router"]

router = APIRouter()


@router.get("/v1/fleet", tags=["out"])
def fleet(request: Request) -> Response:
    """Return how many agents behave, who does not, by which promise, and the digest of it all."""
    service = service_of(request)
    return answer(service, fleet_view(service.state))


@router.get("/v1/status", tags=["out"])
def status(request: Request) -> Response:
    """Return who the service is, and what it has counted."""
    service = service_of(request)
    return answer(service, service.status())
