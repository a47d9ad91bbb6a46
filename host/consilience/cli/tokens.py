"""`consilience service tokens`: who may do what; also while the service runs."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from consilience.cli.device_option import JsonOption
from consilience.cli.lengths_of_time import milliseconds
from consilience.cli.output import Output
from consilience.cli.state_option import StateOption, opened_access

if TYPE_CHECKING:
    from consilience.service.access.tokens import Credential

__all__ = ["tokens"]

tokens = typer.Typer(
    help="Make, list and revoke tokens; what is revoked is refused within a second.",
    no_args_is_help=True,
)


@tokens.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for, for people.")],
    state: StateOption,
    scope: Annotated[
        list[str],
        typer.Option(
            "--scope",
            metavar="SCOPE",
            help="ingest (send), read, device (use a served device) or admin (all); repeatable.",
        ),
    ],
    expires: Annotated[
        str,
        typer.Option(metavar="TIME", help="Valid for so long: 30m, 12h, 90d; or never."),
    ] = "365d",
    certificate: Annotated[
        bool,
        typer.Option(
            "--certificate",
            help="No token: NAME is that of client certificates (their first URI, DNS or e-mail "
            "name, else CN), signed by --client-ca.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a token. It is shown once, on stdout, and kept nowhere: the service keeps a hash."""
    from consilience.service.access.audit_log import local_user

    output = Output(as_json=as_json)
    lifetime = _lifetime(expires)
    with opened_access(state) as (table, audit):
        if certificate:
            text, made = None, table.trust_certificate(name, scope, lifetime)
        else:
            token, made = table.create(name, scope, lifetime)
            text = token.text
        audit.record(local_user(), f"made a {made.kind}", **_told(made))
    if text is None:
        output.note(f"client certificates of {name} may: {' '.join(sorted(made.scopes))}")
    else:
        output.note(f"token {made.id} of {name}; keep it, it is not shown again:")
    shown = "" if text is None else text
    output.result(_told(made) | {"token": text}, *([Text(shown)] if shown else []))


@tokens.command("list")
def list_tokens(state: StateOption, as_json: JsonOption = False) -> None:
    """List all tokens and certificate names, also those that are valid no more."""
    output = Output(as_json=as_json)
    with opened_access(state) as (table, _):
        found = table.all()
    rows = Table("id", "kind", "name", "scopes", "made", "expires", "state", box=None)
    for one in found:
        told = _told(one)
        rows.add_row(
            *(str(told[key]) for key in ("id", "kind", "name")),
            " ".join(sorted(one.scopes)),
            _day(one.made_ms),
            _day(one.expires_ms),
            str(told["state"]),
        )
    empty = Text("no token; make one: consilience service tokens create NAME --scope SCOPE")
    output.result({"tokens": [_told(one) for one in found]}, rows if found else empty)


@tokens.command()
def revoke(
    which: Annotated[str, typer.Argument(metavar="ID|NAME", help="As `list` shows it.")],
    state: StateOption,
    as_json: JsonOption = False,
) -> None:
    """Revoke a token or a certificate's name, for good; also what is being read with it ends."""
    from consilience.service.access.audit_log import local_user

    output = Output(as_json=as_json)
    with opened_access(state) as (table, audit):
        gone = table.revoke(which)
        audit.record(local_user(), f"revoked a {gone.kind}", **_told(gone))
    output.result(_told(gone), Text(f"revoked {gone.kind} {gone.id} of {gone.name}"))


def _told(one: "Credential") -> dict[str, object]:
    from consilience.service.access.tokens import now_ms

    return {
        "id": one.id,
        "kind": one.kind,
        "name": one.name,
        "scopes": sorted(one.scopes),
        "made_ms": one.made_ms,
        "expires_ms": one.expires_ms,
        "revoked_ms": one.revoked_ms,
        "state": one.state(now_ms()),
    }


def _lifetime(text: str) -> int | None:
    """Return the ms of a text such as 90d; None for never."""
    return None if text == "never" else milliseconds(text, "--expires", ", or never")


def _day(at_ms: int | None) -> str:
    if at_ms is None:
        return "never"
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
