"""One POST to a target: what went wrong is an answer without the address, which may be secret."""

import logging
import math
import ssl
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

from consilience.errors import BadInput
from consilience.extras import naming_extras
from consilience.service.alerts.target import Answer

with naming_extras("a target of alerts", "service"):
    import httpx

__all__ = ["HttpPost", "checked_url"]

# It writes each address that it posts to at level INFO.
logging.getLogger("httpx").setLevel(logging.WARNING)

_CONNECT_S, _ANSWER_S = 5.0, 10.0
_LONGEST_WAIT_MS = 3_600_000
_SAID = 200
"""Bytes of what a target says of a refusal that go into the message."""


def checked_url(url: str, where: str) -> str:
    """Return an address that can be posted to.

    Raises
    ------
    BadInput
        It is none, or has a password in it.
    """
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one or not url.isprintable() or " " in url:
        raise BadInput(f"{where}: its address is no http:// or https:// URL with a host")
    if parts.username is not None or parts.password is not None:
        raise BadInput(
            f"{where}: its address has a password in it; give it as authorization_file or "
            "authorization_env"
        )
    return url


class HttpPost:
    """Posts to one host, with time-outs, and without following where an answer points to.

    Parameters
    ----------
    url : str
        Never in an answer: only its scheme, host and port are.
    headers : mapping of str to str
        Of each request.
    ca : Path, optional
        Certificates that the host's is checked against; default those of the system's bundle
        that httpx brings.

    Raises
    ------
    BadInput
        The certificates cannot be read.
    """

    def __init__(self, url: str, headers: Mapping[str, str], ca: Path | None = None) -> None:
        self.url = url
        parts = urlsplit(url)
        self.host = f"{parts.scheme}://{parts.netloc}"
        try:
            self._client = httpx.Client(
                headers=headers,
                timeout=httpx.Timeout(_ANSWER_S, connect=_CONNECT_S),
                follow_redirects=False,
                # A proxy of the environment would see what is for the target alone.
                trust_env=False,
                verify=True if ca is None else ssl.create_default_context(cafile=str(ca)),
            )
        except OSError as error:
            raise BadInput(f"ca_file {ca}: cannot be used ({error})") from None

    def post(
        self, content: bytes, headers: Mapping[str, str], clock: Callable[[], int]
    ) -> tuple[int, Answer]:
        """Send a body of JSON; return the status, 0 for none, and what it means."""
        try:
            with self._client.stream(
                "POST",
                self.url,
                content=content,
                headers={"content-type": "application/json", **headers},
            ) as answer:
                said = b"" if answer.is_success else _beginning(answer)
                return answer.status_code, self._meaning(answer, said, clock())
        except httpx.TimeoutException:
            return 0, Answer(f"{self.host} did not answer within {_ANSWER_S:.0f} s")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return 0, Answer(f"{self.host}: {self._why(error)}")

    def get(self, url: str) -> bytes:
        """Return what is at another address of the host, at most a MiB; empty if it is not."""
        try:
            with self._client.stream("GET", url) as answer:
                return _beginning(answer, 1 << 20) if answer.is_success else b""
        except httpx.HTTPError:
            return b""

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def _meaning(self, answer: httpx.Response, said: bytes, now: int) -> Answer:
        status = answer.status_code
        if answer.is_success:
            return Answer()
        what = f"{self.host} answered {status}"
        if answer.is_redirect:
            return Answer(f"{what}, a redirection, which is not followed; give the final address")
        if said:
            what += f": {_in_a_line(said)}"
        # What the body may be the reason of concerns this delivery alone.
        alone = status in (400, 409, 413, 415, 422)
        return Answer(what, alone, _retry_after(answer.headers.get("retry-after"), now))

    def _why(self, error: Exception) -> str:
        text = " ".join(str(error).split()) or type(error).__name__
        path = self.url.removeprefix(self.host)
        return text.replace(self.url, self.host).replace(path, "") if len(path) > 1 else text


def _beginning(answer: httpx.Response, most: int = _SAID) -> bytes:
    """Return the first bytes of an answer: it may be without end."""
    found = b""
    for piece in answer.iter_bytes(most):
        found += piece
        if len(found) >= most:
            break
    return found[:most]


def _in_a_line(said: bytes) -> str:
    text = "".join(one if one.isprintable() else " " for one in said.decode("utf-8", "replace"))
    return " ".join(text.split())


def _retry_after(value: str | None, now: int) -> int:
    """Return the milliseconds of a Retry-After header, an hour at the most."""
    if value is None:
        return 0
    try:
        wait = float(value) * 1000
    except ValueError:
        try:
            wait = parsedate_to_datetime(value).timestamp() * 1000 - now
        except (ValueError, OverflowError):
            return 0
    return 0 if math.isnan(wait) else int(min(max(wait, 0), _LONGEST_WAIT_MS))
