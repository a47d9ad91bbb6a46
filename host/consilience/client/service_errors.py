"""What a service answers that is no success, as the errors that users of the library know."""

from typing import Any, ClassVar

from consilience.errors import BadInput, ConsilienceError, NoDevice, PermissionRefused

__all__ = ["AGAIN", "ServiceError", "error_of"]

AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504, 507})
"""Statuses after which the same request may succeed."""

_MOST = 300
"""Characters of an answer that is no problem document."""


class ServiceError(ConsilienceError):
    """The service refused for a reason of its own: too busy, its disk full, a fault.

    Parameters
    ----------
    message : str
    status : int
        Of HTTP.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def error_of(status: int, document: Any, text: str, what: str) -> ConsilienceError:
    """Return the error of an answer.

    Parameters
    ----------
    status : int
        Of HTTP, 400 or higher.
    document : JSON or None
        The body, where it is JSON: a problem document of RFC 9457 says ``title`` and ``detail``.
    text : str
        The body as it is.
    what : str
        Method and path, for the message.

    Returns
    -------
    ConsilienceError
        `PermissionRefused` for 401 and 403; `NoDevice` where a backend is not there; `BadInput`
        for what the request itself gets wrong; else `ServiceError`.
    """
    said = _said(document, text)
    message = f"{what}: {said} (HTTP {status})"
    if status in (401, 403):
        cure = "" if "token" in said else "; give a token (token=, or CONSILIENCE_TOKEN)"
        return PermissionRefused(message + cure)
    if isinstance(document, dict) and str(document.get("type", "")).endswith("no-backend"):
        return NoDevice(message)
    if status in AGAIN:
        return ServiceError(message, status)
    return BadInput(message) if 400 <= status < 500 else ServiceError(message, status)


def _said(document: Any, text: str) -> str:
    if isinstance(document, dict):
        parts = [document.get(name) for name in ("title", "detail")]
        words = ": ".join(str(one) for one in parts if one)
        if words:
            return words
    line = " ".join(text.split())
    return line[:_MOST] or "no words with it; is this a consilience service?"
