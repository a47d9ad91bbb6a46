"""The options by which a shell learns to complete words: for the one that runs this, or one named.

Typer's own take no name: one given is dropped, and the shell is guessed from the processes above,
of which a service, a build of a package or a detached session has none.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import shellingham
import typer
import typer.completion

from consilience.errors import BadInput

__all__ = ["InstallCompletion", "Shell", "ShowCompletion", "register_shells", "with_shell"]

_OPTIONS = ("--install-completion", "--show-completion")


class Shell(StrEnum):
    """The shells that can complete words."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"
    PWSH = "pwsh"


def _install(context: typer.Context, parameter: typer.CallbackParam, shell: Shell | None) -> None:
    with _to_its_caller():
        typer.completion.install_callback(context, parameter, shell)


def _show(context: typer.Context, parameter: typer.CallbackParam, shell: Shell | None) -> None:
    with _to_its_caller():
        typer.completion.show_callback(context, parameter, shell)


@contextmanager
def _to_its_caller() -> Iterator[None]:
    """End the command, and not the process, as Typer's callbacks do."""
    try:
        yield
    except SystemExit as end:
        raise typer.Exit(end.code if isinstance(end.code, int) else 1) from None


InstallCompletion = Annotated[
    Shell | None,
    typer.Option(
        _OPTIONS[0],
        callback=_install,
        help="Let a shell complete commands and options; without a name, the one that runs this.",
    ),
]
ShowCompletion = Annotated[
    Shell | None,
    typer.Option(_OPTIONS[1], callback=_show, help="Print the script for it, to place yourself."),
]


def register_shells() -> None:
    """Let the program answer a shell that asks; Typer does so as it makes its own options."""
    typer.completion.get_completion_inspect_parameters()


def with_shell(words: Sequence[str]) -> list[str]:
    """Return the words of a command line, with the name of the shell where it was left out.

    Raises
    ------
    BadInput
        The name is needed, and no shell, or none of those that complete words, runs this.
    """
    if len(words) != 1 or words[0] not in _OPTIONS:
        return list(words)
    cure = f"name one: consilience {words[0]} {' | '.join(Shell)}"
    try:
        name, _path = shellingham.detect_shell()
    except shellingham.ShellDetectionFailure:
        raise BadInput(f"no shell is found that runs this; {cure}") from None
    if name not in set(Shell):
        raise BadInput(f"{name}, which runs this, does not complete words; {cure}")
    return [words[0], name]
