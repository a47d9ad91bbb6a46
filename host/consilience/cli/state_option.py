"""The option that names the state directory of a service, and what of it says who may do what."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from consilience.errors import BadInput

if TYPE_CHECKING:
    from consilience.service.access.audit_log import AuditLog
    from consilience.service.access.tokens import Tokens

__all__ = ["StateOption", "opened_access"]

StateOption = Annotated[
    Path,
    typer.Option("--state", metavar="DIR", help="State directory of the service; made if missing."),
]


@contextmanager
def opened_access(state: Path) -> Iterator[tuple["Tokens", "AuditLog"]]:
    """Open the tokens and the log of changes of a state directory."""
    from consilience.service.access import audit_log, tokens

    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"{state}: cannot be made ({error.strerror}); choose another --state"
        ) from None
    with (
        tokens.Tokens(state / tokens.FILE) as table,
        audit_log.AuditLog(state / audit_log.FILE) as audit,
    ):
        yield table, audit
