"""The commands of the program, and the exit code of every way to end."""

import errno
import importlib.metadata
import io
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from consilience.cli.calibrate import calibrate
from consilience.cli.check import check
from consilience.cli.doctor import doctor
from consilience.cli.explain import explain
from consilience.cli.fit import fit
from consilience.cli.fuse import fuse
from consilience.cli.keys import keys
from consilience.cli.list_ports import list_ports
from consilience.cli.monitor import monitor
from consilience.cli.node import node
from consilience.cli.output import INTERRUPTED, STDOUT, Output, log_to_stderr
from consilience.cli.read_node import read_node
from consilience.cli.score import score
from consilience.cli.serve import serve
from consilience.cli.service import service
from consilience.cli.status import status
from consilience.cli.traces import traces
from consilience.cli.unwinding import ended_by_sigterm
from consilience.cli.watch import watch
from consilience.errors import BadInput, ConsilienceError
from consilience.extras import naming_extras

__all__ = ["app", "run"]

_EPILOG = (
    "Exit codes: 0 ok, 1 failed, 2 usage or bad input, 3 tool missing, 4 no device, 5 permission, "
    "6 link ABI mismatch, 7 link integrity, 8 mismatch against the golden model, "
    "10 alarm (with --fail-on-alarm), 130 interrupted."
)

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

app = typer.Typer(
    name="consilience",
    help="Exact Bayesian evidence fusion: the same bits on gateware, in simulation, on a CPU.",
    epilog=_EPILOG,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
for command in (
    check,
    fit,
    score,
    calibrate,
    fuse,
    explain,
    monitor,
    traces,
    status,
    serve,
    keys,
    doctor,
    node,
    read_node,
    watch,
):
    app.command()(command)
app.command("list")(list_ports)
app.add_typer(service)
for plugin in importlib.metadata.entry_points(group="consilience.commands"):
    # Commands of the tool chain (`consilience_tools.cli`), which imports this library.
    app.command(plugin.name, rich_help_panel="With the extras dev, bench or build")(plugin.load())


def _print_version(asked: bool) -> None:
    if asked:
        print(importlib.metadata.version("consilience"))
        raise typer.Exit


@app.callback()
def _program(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Only options: the help text is the program's."""


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code (design: 0 .. 8, 130).

    Parameters
    ----------
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
    command = typer.main.get_command(app)
    try:
        with log_to_stderr(), ended_by_sigterm(), naming_extras(f"consilience {words[0]}"):
            code = command.main(words, prog_name="consilience", standalone_mode=False) or 0
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
        cure = "" if place == STDOUT else _cure(error.errno, _options(command, words[0]))
        output.failure(f"{f'{place}: ' if place else ''}{error.strerror or error}{cure}", code)
    except MemoryError:
        code = ConsilienceError.exit_code
        output.failure(f"out of memory{_cure(errno.ENOMEM, _options(command, words[0]))}", code)
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
