"""The commands of the program, and the exit code of every way to end."""

import errno
import importlib.metadata
import io
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from consilience.cli.doctor import doctor
from consilience.cli.fuse import fuse
from consilience.cli.keys import keys
from consilience.cli.list_ports import list_ports
from consilience.cli.node import node
from consilience.cli.output import INTERRUPTED, Output, log_to_stderr
from consilience.cli.read_node import read_node
from consilience.cli.serve import serve
from consilience.cli.status import status
from consilience.cli.unwinding import ended_by_sigterm
from consilience.cli.watch import watch
from consilience.errors import ConsilienceError
from consilience.extras import naming_extras

__all__ = ["app", "run"]

_EPILOG = (
    "Exit codes: 0 ok, 1 failed, 2 usage or bad input, 3 tool missing, 4 no device, 5 permission, "
    "6 link ABI mismatch, 7 link integrity, 8 mismatch against the golden model, 130 interrupted."
)

app = typer.Typer(
    name="consilience",
    help="Exact Bayesian evidence fusion: the same bits on gateware, in simulation, on a CPU.",
    epilog=_EPILOG,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
for command in (fuse, status, serve, keys, doctor, node, read_node, watch):
    app.command()(command)
app.command("list")(list_ports)
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
        code = ConsilienceError.exit_code
        output.failure(_os_message(error), code)
        _let_go_of_stdout()
    except MemoryError:
        code = ConsilienceError.exit_code
        output.failure("out of memory; use smaller --chunk-rows and --bucket-rows", code)
    if code == INTERRUPTED:
        output.note("interrupted")
    return int(code)


def _let_go_of_stdout() -> None:
    """Drop what cannot be written: it would fail once more, untold, when the program ends."""
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _os_message(error: OSError) -> str:
    """Return what the system refused, and the cure where there is one."""
    place = f"{error.filename}: " if error.filename else ""
    cause = error.strerror or str(error)
    cures = {
        errno.ENOSPC: "; free some, or choose another --out or --spill-dir",
        errno.EADDRINUSE: "; choose another --port",
        errno.EFBIG: "; raise the limit of a file's size (ulimit -f)",
        errno.EMFILE: "; raise the limit of open files (ulimit -n)",
    }
    return f"{place}{cause}{cures.get(error.errno or 0, '')}"
