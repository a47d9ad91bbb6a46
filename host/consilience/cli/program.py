"""The commands of the program, and the exit code of every way to end."""

import errno
import importlib.metadata
import io
import os
import sys
from collections.abc import Container, Sequence
from typing import Annotated, Any

import typer

from consilience.cli.commands import COMMANDS, TOOLS, imported, opening_lines
from consilience.cli.completion import (
    InstallCompletion,
    ShowCompletion,
    register_shells,
    with_shell,
)
from consilience.cli.output import INTERRUPTED, STDOUT, Output, log_to_stderr
from consilience.cli.unwinding import ended_by_sigterm
from consilience.errors import BadInput, ConsilienceError
from consilience.extras import naming_extras

__all__ = ["program_for", "run", "whole_program"]

_EPILOG = (
    "Exit codes: 0 ok, 1 failed, 2 usage or bad input, 3 tool missing, 4 no device, 5 permission, "
    "6 link ABI mismatch, 7 link integrity, 8 mismatch against the golden model, "
    "10 alarm (with --fail-on-alarm), 130 interrupted."
)

_COMPLETES = "_CONSILIENCE_COMPLETE"
"""Set by a shell that asks how a word may go on."""

_CURES = {
    errno.ENOSPC: ("free some, or choose another", ("--out", "--spill-dir", "--log")),
    errno.EADDRINUSE: ("choose another", ("--port", "--metrics")),
    errno.ENOMEM: ("use a smaller", ("--chunk-rows", "--bucket-rows", "--agents", "--runs")),
}
"""Errors of the system, and the options that help, of those that a command has."""
_ALWAYS = {
    errno.ENAMETOOLONG: "choose another name",
    errno.EFBIG: "raise the limit of a file's size (ulimit -f)",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
}


def program_for(words: Sequence[str]) -> Any:
    """Return the program, a click group, with the command imported that the words call.

    The others, whose imports take up to half a second, have a name, and what help says if the words
    do not begin with a command. A shell that completes words has them in its environment.
    """
    if _COMPLETES in os.environ:
        words = os.environ.get("COMP_WORDS", os.environ.get("_TYPER_COMPLETE_ARGS", "")).split()[1:]
    called = next((word for word in words if not word.startswith("-")), "")
    return _program_with({called}, listed=called not in COMMANDS or words[0] != called)


def whole_program() -> Any:
    """Return the program, a click group, with all its commands imported."""
    return _program_with(COMMANDS, listed=False)


def _program_with(names: Container[str], *, listed: bool) -> Any:
    app = typer.Typer(
        name="consilience",
        help="Exact Bayesian evidence fusion: the same bits on gateware, in simulation, on a CPU.",
        epilog=_EPILOG,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        add_completion=False,  # `cli.completion` has the options
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    register_shells()
    app.callback()(_program)
    for name, place in COMMANDS.items():
        panel = "With the extras dev, bench or build" if place.group == TOOLS else None
        if name not in names:
            help_text = opening_lines(name) if listed else None
            app.command(name, rich_help_panel=panel, help=help_text)(_not_imported)
        elif isinstance(command := imported(name), typer.Typer):
            app.add_typer(command, rich_help_panel=panel)
        else:
            app.command(name, rich_help_panel=panel)(command)
    return typer.main.get_command(app)


def _not_imported() -> None:
    raise AssertionError("a command was called that is not the first word")


def _print_version(asked: bool) -> None:
    if asked:
        print(importlib.metadata.version("consilience"))
        raise typer.Exit


def _program(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
    _install_completion: InstallCompletion = None,
    _show_completion: ShowCompletion = None,
) -> None:
    """Only options: the help text is the program's."""


def run(program: Any, arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code (design: 0 .. 8, 130).

    Parameters
    ----------
    program : click group
        With the command that the words call (`program_for`).
    arguments : sequence of str
        The words after the program's name.
    """
    if sys.stderr is None:  # closed, as by 2>&-
        sys.stderr = io.StringIO()
    if sys.stdout is None:
        print("error: stdout is closed; there is nowhere to print the result", file=sys.stderr)
        return ConsilienceError.exit_code
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks is no reason to fail after the work is done.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    words = list(arguments) or ["--help"]
    output = Output(as_json="--json" in words)
    try:
        with log_to_stderr(), ended_by_sigterm(), naming_extras(f"consilience {words[0]}"):
            words = with_shell(words)
            code = program.main(words, prog_name="consilience", standalone_mode=False) or 0
            sys.stdout.flush()  # while a failure can still be told
    except ConsilienceError as error:
        code = error.exit_code
        output.failure(str(error), code)
    except typer.TyperException as error:
        code = error.exit_code
        output.failure(error.format_message(), code)
        context = getattr(error, "ctx", None)
        output.note(f"try '{context.command_path if context else 'consilience'} --help'")
    except OSError as error:
        too_long = error.errno == errno.ENAMETOOLONG  # only a name that the user gave can be
        code = (BadInput if too_long else ConsilienceError).exit_code
        place = STDOUT if _let_go_of_stdout() else error.filename
        cure = "" if place == STDOUT else _cure(error.errno, _options(program, words[0]))
        output.failure(f"{f'{place}: ' if place else ''}{error.strerror or error}{cure}", code)
    except MemoryError:
        code = ConsilienceError.exit_code
        output.failure(f"out of memory{_cure(errno.ENOMEM, _options(program, words[0]))}", code)
    if code == INTERRUPTED:
        output.note("interrupted")
    return int(code)


def _let_go_of_stdout() -> bool:
    """Drop what cannot be written: it would fail once more, untold, when the program ends.

    Returns whether there was something.
    """
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        return True
    return False


def _options(program: Any, name: str) -> set[str]:
    """Return the options of one of the program's commands; none if there is no such command."""
    found = program.commands.get(name)
    return {option for one in found.params for option in one.opts} if found else set()


def _cure(number: int | None, options: set[str]) -> str:
    """Return what helps against an error of the system, by the options that there are."""
    if number in _ALWAYS:
        return f"; {_ALWAYS[number]}"
    verb, wanted = _CURES.get(number or 0, ("", ()))
    named = " or ".join(option for option in wanted if option in options)
    return f"; {verb} {named}" if named else ""
