"""Errors as problem details (RFC 9457): one line that names the cure, and which kind it is."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from consilience.errors import BadInput, ConsilienceError, Mismatch, NoDevice
from consilience.monitor.implied import RowRefused
from consilience.service.access.redaction import redacted
from consilience.service.engine import Busy, DiskFull, StorageFailed

__all__ = ["Problem", "problem_of", "refused"]

_BASE = "urn:consilience:problem:"
_MOST = 2_000
"""Characters of a detail; of a longer one begin and end are shown, where the cure is."""


class Problem(ConsilienceError):
    """An answer that is an error.

    Parameters
    ----------
    status : int
        Of HTTP.
    kind : str
        Last part of `type`, as bad-row.
    title : str
    detail : str
        One line that names the cure.
    more
        Members beside these, as `row`.
    """

    def __init__(self, status: int, kind: str, title: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.kind, self.title, self.more = status, kind, title, more

    def answer(self) -> JSONResponse:
        """Return it as a response."""
        content = {
            "type": f"{_BASE}{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": _shown(str(self)),
            **self.more,
        }
        headers = {"Retry-After": "1"} if self.status in (429, 503) else None
        return JSONResponse(
            content, self.status, headers=headers, media_type="application/problem+json"
        )


def _shown(words: str) -> str:
    """Return a detail, which may name a path or an id that the client sent, of any length."""
    words = redacted(words)
    if len(words) <= _MOST:
        return words
    return f"{words[: _MOST // 2]} ... {words[-_MOST // 2 :]}"


def problem_of(error: Exception) -> Problem:
    """Return the problem that an error of the library is."""
    words = str(error)
    if isinstance(error, Problem):
        return error
    if isinstance(error, RowRefused):
        title = "a row cannot be taken, so none was"
        return Problem(422, "bad-row", title, words, row=error.row)
    if isinstance(error, DiskFull):
        return Problem(507, "disk-full", "no room on the disk", words)
    if isinstance(error, Busy):
        return Problem(503, "busy", "too much waits to be judged", words)
    if isinstance(error, StorageFailed):
        return Problem(503, "storage-failed", "the disk of the state failed", words)
    if isinstance(error, Mismatch):
        return Problem(502, "mismatch", "the device gives other bits", words)
    if isinstance(error, NoDevice):
        return Problem(503, "no-device", "the device is not there", words)
    if isinstance(error, BadInput):
        return Problem(422, "bad-input", "the request cannot be taken", words)
    return Problem(502, "failed", "the request failed", words)


async def refused(_: Request, error: Exception) -> JSONResponse:
    """Answer with the problem that an error is."""
    return problem_of(error).answer()
