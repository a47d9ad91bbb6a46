"""What a token allows, and which scope a request needs."""

from collections.abc import Iterable
from enum import StrEnum

from consilience.errors import BadInput

__all__ = ["Scope", "needed_scope", "scopes_of"]


class Scope(StrEnum):
    """One kind of thing that a token allows."""

    INGEST = "ingest"
    """Send observations, evidence and traces; read nothing."""
    READ = "read"
    """Read agents, alarms, the fleet, metrics and the page."""
    ADMIN = "admin"
    """Acknowledge, silence, benchmark, validate, settings; and all that the others allow."""
    DEVICE = "device"
    """Use the device of a device server."""


_INGEST = frozenset({"/v1/observations", "/v1/evidence", "/v1/traces", "/v1/logs"})
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


def needed_scope(method: str, path: str) -> Scope:
    """Return the scope that a request needs.

    What is no read and none of the paths that take data needs `Scope.ADMIN`: also what has yet to
    be written, and every way to write a path that is not its plain form.
    """
    if method in _READS:
        return Scope.READ
    if method == "POST" and path in _INGEST:
        return Scope.INGEST
    return Scope.ADMIN


def scopes_of(names: Iterable[str]) -> frozenset[Scope]:
    """Return scopes by their names; BadInput for one that is none, or if there are none."""
    found = []
    for name in names:
        try:
            found.append(Scope(name.strip()))
        except ValueError:
            raise BadInput(f"{name!r} is no scope; give {', '.join(Scope)}") from None
    if not found:
        raise BadInput(f"a token needs a scope; give {', '.join(Scope)}")
    return frozenset(found)
