"""`consilience service`: what is done to a running service, or to its state directory."""

import typer

from consilience.cli.changes import changes
from consilience.cli.tokens import tokens

__all__ = ["service"]

service = typer.Typer(
    name="service",
    help="Tokens and other things of a service (`consilience serve --http`).",
    no_args_is_help=True,
)
service.add_typer(tokens, name="tokens")
service.command()(changes)
