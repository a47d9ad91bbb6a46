"""`consilience service backup` and `restore`: a state directory, copied and brought back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from consilience.cli.device_option import JsonOption
from consilience.cli.output import Output
from consilience.cli.state_option import StateOption

__all__ = ["backup", "restore"]


def backup(
    target: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Made, and not there yet; holds secrets.")
    ],
    state: Annotated[
        Path, typer.Option("--state", metavar="DIR", help="State directory of the service.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Copy the state of a service as it is at one moment; the service may run meanwhile.

    Log, alarms, histories, tokens and the log of changes, with a hash of each file. The folder
    appears whole or not at all.

    Example: consilience service backup /backup/2026-05-01 --state /var/lib/consilience
    """
    from consilience.service.access.audit_log import FILE, AuditLog, local_user
    from consilience.service.backup.writing import write_backup

    output = Output(as_json=as_json)
    with output.working(f"copying {state}"):
        made, left_out = write_backup(state, target)
    with AuditLog(state / FILE) as audit:
        audit.record(local_user(), "made a backup", position=made.position, folder=str(target))
    if left_out:
        output.note(f"not in it, as no service wrote them: {', '.join(left_out)}")
    size = sum(one for one, _ in made.files.values())
    found = {"folder": str(target), "deployment": made.deployment, "position": made.position}
    found |= {"made_ms": made.made_ms, "bytes": size, "files": len(made.files)}
    output.result(
        {**found, "left_out": left_out},
        Text(f"{target}: up to record {made.position}, {size / (1 << 20):.1f} MiB"),
    )


def restore(
    source: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="That `consilience service backup` made.")
    ],
    state: StateOption,
    as_json: JsonOption = False,
) -> None:
    """Make a state directory of a backup, in a folder that is empty or not there.

    What was answered after the backup is lost, and tokens that were revoked since are valid again.

    Example: consilience service restore /backup/2026-05-01 --state /var/lib/consilience
    """
    from consilience.service.access.audit_log import FILE, AuditLog, local_user
    from consilience.service.backup.restoring import restore_backup

    output = Output(as_json=as_json)
    with output.working(f"restoring {source}"):
        made = restore_backup(source, state)
    at = f"{datetime.fromtimestamp(made.made_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    with AuditLog(state / FILE) as audit:
        audit.record(
            local_user(), "restored a backup", position=made.position, made_ms=made.made_ms
        )
    output.note(
        f"what was answered after record {made.position}, {at}, is not in it: let senders that "
        "still have it send it again, and revoke again the tokens that were revoked since"
    )
    found = {"state": str(state), "deployment": made.deployment, "position": made.position}
    output.result({**found, "made_ms": made.made_ms}, Text(f"{state}: as of {at}"))
