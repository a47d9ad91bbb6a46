"""`GET /v1/reporters`: who speaks of runs, and who contradicts whom."""

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from consilience.service.http.answers import answer, page_limit, service_of
from consilience.service.reporters import reporters_view

__all__ = ["router"]

router = APIRouter()


@router.get("/v1/reporters", tags=["out"])
def reporters(
    request: Request, after: int = 0, limit: int = Query(100), contradicting: bool = False
) -> Response:
    """Return reporters in the order in which they first spoke; `next` is the next `after`.

    Of each: how often it could be compared with the median of all others (`compared`), and said
    the same (`agrees`) or the opposite (`contradicts`); how often it stood alone; of how many of
    its closed runs (`reports`) it said more or less than an honest median can be (`outside`); whom
    it contradicts (`against`). `contradicting` marks, and as a parameter selects, those who do so
    more often than chance allows. Without --faulty there are none.
    """
    service = service_of(request)
    return answer(
        service, reporters_view(service.state, after, page_limit(limit), only=contradicting)
    )
