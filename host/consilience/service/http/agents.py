"""`GET /v1/agents`, a page at a time, and all that is known of one agent."""

from typing import Any, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from consilience.service.alerts.alert import reason_of
from consilience.service.directory import Directory
from consilience.service.http.answers import answer, asker, page_limit, service_of
from consilience.service.http.problems import Problem
from consilience.service.views import agent_view, agents_page

__all__ = ["router"]

router = APIRouter()

_ALARMS = 20


@router.get("/v1/agents", tags=["out"])
def agents(
    request: Request,
    after: int = 0,
    limit: int = Query(100),
    state: Literal["alarm", "quiet", "learning"] | None = None,
) -> Response:
    """Return agents in the order in which they were first heard; `next` is the next `after`.

    One in alarm has `reasons`: what brought its last one.
    """
    service = service_of(request)
    found, following = agents_page(service.state, after, page_limit(limit), state)
    for one in found:
        if one["state"] == "alarm":
            one["reasons"] = _reasons(service.database.alarms(0, 1, one["agent"], newest=True))
    return answer(service, {"agents": found, "next": following})


@router.get("/v1/agents/{agent:path}", tags=["out"])
def agent(request: Request, agent: str) -> Response:
    """Return an agent, its last runs, its last alarms and the reasons; an integer id as digits."""
    service = service_of(request)
    known = _known(service.state.directory, agent)
    alarms = service.database.alarms(0, _ALARMS, known, newest=True)
    found: dict[str, Any] = agent_view(service.state, known)
    found["history"] = service.history(known)
    found["alarms"] = alarms
    found["reasons"] = _reasons(alarms[-1:])
    return answer(service, found)


@router.delete("/v1/agents/{agent:path}", tags=["agents"])
def remove(request: Request, agent: str) -> Response:
    """Forget an agent that is gone for good: statistic, history and open runs.

    What stands of it ends; its alarms stay as long as others. It is in the log, so that a replay
    forgets it, too. One that is heard again under the name is a new agent.
    """
    service = service_of(request)
    known = _known(service.state.directory, agent)
    position = service.alerting.remove(known, asker(request))
    return answer(service, {"agent": known, "removed": True, "position": position})


def _reasons(alarms: list[dict[str, Any]]) -> list[str]:
    return [words for one in alarms if (words := reason_of(one)) is not None]


def _known(directory: Directory, agent: str) -> int | str:
    """Return the agent of a path: text, or else an integer; Problem if it was not heard."""
    if agent in directory:
        return agent
    number = int(agent) if agent.removeprefix("-").isdecimal() and len(agent) < 21 else None
    if number is not None and number in directory:
        return number
    raise Problem(
        404,
        "no-such-agent",
        "the agent was not heard",
        f"agent {agent!r} was not heard; GET /v1/agents lists those that were",
    )
