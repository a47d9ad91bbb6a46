"""`/v1/devices`, `/v1/validate`, `/v1/benchmark`: devices by the names configured at start."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from consilience.service.backends import BackendBusy, UnknownBackend
from consilience.service.http.answers import answer, service_of
from consilience.service.http.problems import Problem

__all__ = ["router"]

router = APIRouter()

_HEADER = "Consilience-Digest"


@router.get("/v1/devices", tags=["devices"])
def devices(request: Request) -> Response:
    """Return the devices that were configured, and what each said when it was last asked.

    Identity, counters, and of one that failed or gave other bits the reason. None is opened for
    this: `state` is `not asked` until `/v1/validate` or `/v1/benchmark` was.
    """
    service = service_of(request)
    return answer(service, {"devices": service.backends.view()})


@router.post("/v1/validate", tags=["devices"])
def validate(request: Request, backend: str | None = None, claims: str | None = None) -> Response:
    """Check that a device, or each of them, gives the bits that all share: the pinned digest.

    With `claims`, `all` or beginnings of names such as `correctness`, the claims of a device of
    `consilience validate --quick` are tested too, which takes from seconds to minutes.

    A device that is not there, or whose bits differ, is an error; none is taken for another.
    """
    service = service_of(request)
    names = service.backends.names if backend is None else [backend]
    try:
        found = [service.backends.validate(one, claims) for one in names or [""]]
    except (UnknownBackend, BackendBusy) as error:
        raise _problem(error) from None
    content = {"digest": found[0]["digest"], "agrees": True, "backends": found}
    made = answer(service, content if backend is None else {**found[0], **content})
    made.headers[_HEADER] = found[0]["digest"]
    return made


@router.post("/v1/benchmark", tags=["devices"])
def benchmark(request: Request, backend: str) -> Response:
    """Time a device, after the check of `/v1/validate`, whose digest the answer bears."""
    service = service_of(request)
    try:
        found = service.backends.benchmark(backend)
    except (UnknownBackend, BackendBusy) as error:
        raise _problem(error) from None
    made = answer(service, found)
    made.headers[_HEADER] = found["digest"]
    return made


def _problem(error: UnknownBackend | BackendBusy) -> Problem:
    if isinstance(error, BackendBusy):
        return Problem(503, "device-busy", "the device is at work", str(error))
    return Problem(404, "no-such-backend", "no such device", str(error))
