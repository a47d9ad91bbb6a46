"""`consilience service`: what is done to a running service, or to its state directory."""

import typer

from consilience.cli.alert_commands import acknowledge, alarms, silence, silences
from consilience.cli.backup_commands import backup, restore
from consilience.cli.changes import changes
from consilience.cli.remove_agent import remove
from consilience.cli.retune import retune
from consilience.cli.tokens import tokens

__all__ = ["service"]

service = typer.Typer(
    name="service",
    help="Alarms, agents, silences, tokens, backups of a service (`consilience serve --http`).",
    no_args_is_help=True,
)
service.add_typer(tokens, name="tokens")
for command in (
    alarms, acknowledge, silence, silences, remove, changes, backup, restore, retune
):  # fmt: skip
    service.command()(command)
