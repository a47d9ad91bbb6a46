"""Acknowledgements among observations: who takes data in may not take alarms away."""

import asyncio

from starlette.requests import Request

from consilience.service.access.guard import AUDIT, IDENTITY
from consilience.service.access.scopes import Scope
from consilience.service.http.problems import Problem
from consilience.service.intake.columns import Columns, Event

__all__ = ["check_admin", "noted", "write_down"]

_NOTES = {int(Event.ACKNOWLEDGE): "acknowledged", int(Event.RECALIBRATE): "recalibrated"}


def noted(rows: Columns) -> list[tuple[str, int | str]]:
    """Return what was done to which agent by the rows that are no observations."""
    if _NOTES.keys().isdisjoint(rows.events):
        return []
    pairs = zip(rows.events, rows.agents, strict=True)
    return [(_NOTES[event], agent) for event, agent in pairs if event in _NOTES]


def check_admin(request: Request) -> None:
    """Raise Problem unless whoever asks may acknowledge."""
    identity = request.scope.get(IDENTITY)
    if identity is not None and not identity.allows(Scope.ADMIN):
        raise Problem(
            403,
            "not-allowed",
            "the token does not allow this",
            "acknowledge and recalibrate need the scope admin; send them with a token that has it",
        )


async def write_down(request: Request, notes: list[tuple[str, int | str]]) -> None:
    """Add them to the log of changes."""
    audit, identity = request.scope.get(AUDIT), request.scope.get(IDENTITY)
    if audit is not None and identity is not None:
        for did, agent in notes:
            await asyncio.to_thread(audit.record, identity.told, f"{did} an agent", agent=agent)
