"""The options that name a running service, and the client for it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from consilience.client import Client

__all__ = ["CaOption", "UrlOption", "connected"]

UrlOption = Annotated[
    str,
    typer.Option(
        "--url",
        metavar="URL",
        envvar="CONSILIENCE_URL",
        help="Of the service; its token is taken from CONSILIENCE_TOKEN.",
    ),
]
CaOption = Annotated[
    Path | None,
    typer.Option("--ca", metavar="FILE", help="Certificates to check the service's against."),
]


def connected(url: str, ca: Path | None) -> "Client":
    """Return a client of the service; it connects with the first call."""
    from consilience.client import Client

    return Client(url, ca=ca)
