"""The API as an ASGI application: FastAPI over a `Service`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse

from consilience.errors import ConsilienceError
from consilience.extras import installed_version
from consilience.service.dashboard.page import dashboard
from consilience.service.http import (
    agents,
    alarms,
    alerts,
    devices,
    evidence,
    fleet,
    health,
    metrics,
    observations,
    reporters,
    shards,
    traces,
    verdict_log,
)
from consilience.service.http.docs_page import docs_page
from consilience.service.http.problems import Problem, refused
from consilience.service.http.sse import AlarmHub
from consilience.service.service import Service
from consilience.service.telemetry.http_metrics import NamesRoute
from consilience.service.telemetry.service_metrics import ServiceMetrics

if TYPE_CHECKING:  # it needs the extra plane
    from consilience.service.shard_watch import ShardWatch

__all__ = ["create_app"]

_ABOUT = (
    "Observations of agents in, verdicts out: who no longer behaves as it did, at a false-alarm "
    "rate that was chosen. What was answered 2xx is on the disk. Errors are problem details "
    "(RFC 9457) whose detail names the cure."
)


def create_app(
    service: Service,
    log_counts: Mapping[str, int] | None = None,
    watch: "ShardWatch | None" = None,
) -> FastAPI:
    """Return the application of a service.

    Parameters
    ----------
    service : Service
        Open; it is not closed with the application.
    log_counts : mapping of str to int
        Lines of the log by level, for its metrics.
    watch : ShardWatch or None
        What shards say; None: none are watched.
    """
    app = FastAPI(
        title="consilience",
        version=installed_version("consilience") or "0",
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirection would name whatever Host the client sent
    )
    app.state.service, app.state.hub = service, AlarmHub()
    service.engine.on_alarm(app.state.hub.offer)
    app.state.metrics, app.state.shards = ServiceMetrics(service, log_counts, watch), watch
    app.add_middleware(NamesRoute)
    for part in (
        observations,
        evidence,
        traces,
        agents,
        alarms,
        alerts,
        devices,
        fleet,
        health,
        metrics,
        reporters,
        shards,
        verdict_log,
    ):
        app.include_router(part.router)
    app.include_router(dashboard())
    app.add_exception_handler(ConsilienceError, refused)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _of_parameters)

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(docs_page(app.openapi()))

    return app


async def _of_parameters(_: Request, error: Exception) -> JSONResponse:
    """Answer parameters that cannot be as a problem: which, and why, not what was sent."""
    assert isinstance(error, RequestValidationError)
    found = [f"{one['loc'][-1]}: {one['msg']}" for one in error.errors()[:3]]
    detail = f"{'; '.join(found)}; /docs has what each may be"
    return Problem(422, "parameter", "a parameter cannot be", detail).answer()


async def _of_http(request: Request, error: Exception) -> JSONResponse:
    """Answer errors of the framework as problems."""
    assert isinstance(error, HTTPException)
    path, method = request.url.path, request.method
    if error.status_code == 404:
        detail = f"nothing is at {path}; /docs lists what there is"
        return Problem(404, "no-such-path", "nothing is there", detail).answer()
    if error.status_code == 405:
        detail = f"{path} does not take {method}; /docs lists what it takes"
        return Problem(405, "method", "the method is not taken", detail).answer()
    return Problem(
        error.status_code, "refused", "the request was refused", str(error.detail)
    ).answer()
