"""The options of a server that say who may use it, and what they come to."""

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consilience.cli.output import Output
from consilience.cli.state_option import opened_access
from consilience.errors import BadInput

if TYPE_CHECKING:
    from consilience.service.access.audit_log import AuditLog
    from consilience.service.access.tls import ServerTls
    from consilience.service.access.tokens import Tokens

__all__ = [
    "AccessOption",
    "AccessOptions",
    "ClearTextOption",
    "ClientCaOption",
    "HostNameOption",
    "RateOption",
    "RequireTokenOption",
    "TlsCertOption",
    "TlsKeyOption",
]

_PANEL = "Who may use it"

AccessOption = Annotated[
    Path | None,
    typer.Option(
        "--access",
        metavar="DIR",
        help="Folder of the tokens (consilience service tokens); default that of --state.",
        rich_help_panel=_PANEL,
    ),
]
RequireTokenOption = Annotated[
    bool,
    typer.Option(
        "--require-token",
        help="Ask for a token on loopback too; elsewhere one is always asked for.",
        rich_help_panel=_PANEL,
    ),
]
TlsCertOption = Annotated[
    Path | None,
    typer.Option(
        "--tls-cert",
        metavar="FILE",
        help="Certificate of the server, PEM, with those between it and its authority.",
        rich_help_panel=_PANEL,
    ),
]
TlsKeyOption = Annotated[
    Path | None,
    typer.Option(
        "--tls-key", metavar="FILE", help="Its key, PEM, mode 0600.", rich_help_panel=_PANEL
    ),
]
ClientCaOption = Annotated[
    Path | None,
    typer.Option(
        "--client-ca",
        metavar="FILE",
        help="Authorities of client certificates, PEM; their names get scopes by "
        "`service tokens create --certificate`.",
        rich_help_panel=_PANEL,
    ),
]
ClearTextOption = Annotated[
    bool,
    typer.Option(
        "--clear-text",
        help="Listen off loopback without TLS: a proxy encrypts, or the network is trusted.",
        rich_help_panel=_PANEL,
    ),
]
HostNameOption = Annotated[
    list[str] | None,
    typer.Option(
        "--host-name",
        metavar="NAME",
        help="On loopback answer under this name too, beside localhost; repeatable.",
        rich_help_panel=_PANEL,
    ),
]
RateOption = Annotated[
    float | None,
    typer.Option(
        "--rate",
        min=0.01,
        metavar="N",
        help="Requests a second of one token, or of one address on an open port (2000).",
        rich_help_panel=_PANEL,
    ),
]


@dataclass(frozen=True)
class AccessOptions:
    """Who may use a server; the options above."""

    folder: Path | None = None
    require_token: bool = False
    tls_cert: Path | None = None
    tls_key: Path | None = None
    client_ca: Path | None = None
    clear_text: bool = False
    host_names: tuple[str, ...] = ()
    rate: float | None = None

    def tls(self) -> "ServerTls | None":
        """Return the server's side of TLS; None without a certificate."""
        if (self.tls_cert is None) != (self.tls_key is None):
            raise BadInput("--tls-cert and --tls-key go together; give both")
        if self.tls_cert is None or self.tls_key is None:
            if self.client_ca is not None:
                raise BadInput("--client-ca checks certificates within TLS; give --tls-cert, too")
            return None
        from consilience.service.access.tls import ServerTls

        return ServerTls(self.tls_cert, self.tls_key, self.client_ca)

    @contextlib.contextmanager
    def opened(self, output: Output, *, is_open: bool) -> Iterator[tuple["Tokens", "AuditLog"]]:
        """Open the tokens and the log of changes, and say who will be let in.

        Without a folder both are in a temporary one, which goes with the server: for a server that
        asks for no token.
        """
        if self.folder is None and not is_open:
            raise BadInput("a token is asked for; name the folder of the tokens by --access DIR")
        with contextlib.ExitStack() as stack:
            folder = self.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
            tokens, audit = stack.enter_context(opened_access(folder))
            if is_open:
                output.note(
                    "everybody on this machine may use it; --require-token asks for a token"
                )
            elif not tokens.any_valid():
                output.note(
                    "no token is valid, so nobody is let in; make one: consilience service tokens "
                    f"create NAME --scope SCOPE --state {folder}"
                )
            yield tokens, audit
