"""Where a service is, and how to speak to it."""

import os
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from consilience.devices.own_token import own_token
from consilience.errors import BadInput

__all__ = ["TOKEN_VARIABLE", "Address"]

TOKEN_VARIABLE = "CONSILIENCE_TOKEN"
"""Environment variable that holds the token, where none is given."""

_READ_S = 30.0
_CONNECT_S = 5.0


@dataclass(frozen=True)
class Address:
    """A service.

    Parameters
    ----------
    url : str
        ``http://HOST:PORT`` or ``https://HOST:PORT``, a path before the API's too.
    token : str or None
        Default `TOKEN_VARIABLE`, or the file that CONSILIENCE_TOKEN_FILE names. Shown nowhere.
    ca : path or None
        Certificates that sign the service's; default those of the system.
    certificate, key : path or None
        Of this client, where the service asks for one.
    timeout_s : float
        Longest silence of the service.

    Raises
    ------
    BadInput
    """

    url: str
    token: str | None = field(default=None, repr=False)
    ca: str | Path | None = None
    certificate: str | Path | None = None
    key: str | Path | None = None
    timeout_s: float = _READ_S

    def __post_init__(self) -> None:
        try:
            found = httpx.URL(self.url)
        except (httpx.InvalidURL, TypeError):
            raise BadInput("the service's address is like http://127.0.0.1:8080") from None
        if found.userinfo:
            raise BadInput(
                "the service's address holds a name or password; give a token instead: token=, or "
                f"the environment variable {TOKEN_VARIABLE}"
            )
        if found.scheme not in ("http", "https") or not found.host or found.query:
            raise BadInput(f"{self.url}: is no address of a service, as http://127.0.0.1:8080 is")
        if self.timeout_s <= 0:
            raise BadInput(f"a time-out is longer than 0 s, not {self.timeout_s}")

    def options(self) -> dict[str, Any]:
        """Return what httpx's clients take.

        Raises
        ------
        BadInput
            A certificate cannot be read.
        """
        token = self._own_token()
        headers = {"Accept": "application/json, application/problem+json"}
        if token:
            if not token.isascii() or not token.isprintable():
                raise BadInput(
                    "the token holds characters that a header cannot; give it as it was shown"
                )
            headers["Authorization"] = f"Bearer {token}"
        return {
            "base_url": self.url,
            "headers": headers,
            "verify": self._trust(),
            "timeout": httpx.Timeout(self.timeout_s, connect=_CONNECT_S),
            # A proxy of the environment must not see the token of a service on this machine.
            "trust_env": False,
        }

    def _own_token(self) -> str | None:
        """Return the token that was given, here or in the environment."""
        if self.token is not None:
            return self.token
        found = os.environ.get(TOKEN_VARIABLE)
        if not found and (read := own_token()):  # in a file that the environment names
            return read.text
        return found

    def _trust(self) -> ssl.SSLContext | bool:
        if self.ca is None and self.certificate is None:
            return True
        try:
            context = ssl.create_default_context(cafile=None if self.ca is None else str(self.ca))
            if self.certificate is not None:
                context.load_cert_chain(str(self.certificate), self.key and str(self.key))
        except (OSError, ssl.SSLError) as error:
            files = ", ".join(str(one) for one in (self.ca, self.certificate, self.key) if one)
            raise BadInput(f"{files}: cannot be used ({error}); give PEM files") from None
        return context
