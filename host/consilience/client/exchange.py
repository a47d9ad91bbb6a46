"""One call of the service, tries and all, without a socket: what the clients carry out.

`exchange` yields what is to be done, a request to send or a time to wait, and is sent what came of
it. So the sync and the async client do the same.
"""

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from consilience.client.retrying import Retrying
from consilience.client.service_errors import AGAIN, error_of
from consilience.errors import ConsilienceError, NoDevice

__all__ = ["Answer", "Call", "Exchange", "exchange", "unreachable"]


@dataclass(frozen=True)
class Call:
    """A request of the API.

    Parameters
    ----------
    method, path : str
    query : dict of str to str or int
    body : bytes or None
        JSON.
    again : bool
        It may be made twice: it reads, or what it sends is counted once.
    """

    method: str
    path: str
    query: Mapping[str, str | int] = field(default_factory=dict)
    body: bytes | None = None
    again: bool = True

    @property
    def what(self) -> str:
        """Method and path, for messages."""
        return f"{self.method} {self.path}"


Answer = httpx.Response | httpx.TransportError
"""What comes of a request."""
Exchange = Generator[Call | float, Answer | None, dict[str, Any]]
"""Yields calls to be sent, and seconds to be waited; returns the service's answer."""


def exchange(call: Call, retrying: Retrying, url: str) -> Exchange:
    """Carry out a call.

    Parameters
    ----------
    call : Call
    retrying : Retrying
    url : str
        Of the service, for messages.

    Raises
    ------
    ConsilienceError
        The service refused (`error_of`), or was not reached after all tries (`NoDevice`).
    """
    failures = 0
    while True:
        answer = yield call
        assert answer is not None  # what comes of a call is sent back, of a wait nothing
        if isinstance(answer, httpx.TransportError):
            error, headers = unreachable(url, answer), None
            may = call.again or isinstance(answer, httpx.ConnectError | httpx.ConnectTimeout)
        else:
            if answer.status_code < 300:
                return _read(answer, call, url)
            document = _document(answer)
            error = error_of(answer.status_code, document, answer.text, call.what)
            headers = answer.headers
            # Of these the service says that nothing was done.
            may = answer.status_code in AGAIN and (call.again or answer.status_code == 429)
        failures += 1
        if not may or failures >= retrying.tries:
            raise error
        yield retrying.wait_s(failures, headers)


def unreachable(url: str, error: Exception) -> ConsilienceError:
    """Return what to say when nothing answered."""
    reason = " ".join(str(error).split()) or type(error).__name__
    return NoDevice(
        f"no service answers at {url} ({reason}); start one with: consilience serve --http, or "
        "give its address"
    )


def _document(answer: httpx.Response) -> Any:
    try:
        return json.loads(answer.content)
    except ValueError:
        return None


def _read(answer: httpx.Response, call: Call, url: str) -> dict[str, Any]:
    document = _document(answer)
    if not isinstance(document, dict):
        raise NoDevice(
            f"{url} answers {call.what} with no JSON object; is it a consilience service?"
        )
    return document
