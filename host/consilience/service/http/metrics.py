"""`GET /metrics`: figures of the service for Prometheus."""

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from consilience.service.telemetry.service_metrics import ServiceMetrics

__all__ = ["router"]

router = APIRouter()


@router.get("/metrics", tags=["health"])
def metrics(request: Request) -> Response:
    """Return the figures in Prometheus' text format."""
    found = request.app.state.metrics
    assert isinstance(found, ServiceMetrics)
    return Response(found.text(), media_type=CONTENT_TYPE_LATEST)
