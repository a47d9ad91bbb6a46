"""The program `consilience`: from here on, an interruption ends it without a traceback.

Little is imported: what the commands need takes most of the first second.
"""

import os
import signal
import sys

TYPE_CHECKING = False  # as typing's, which takes longer to import than all of this
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["main"]

_BAD_INPUT = 2
_TOOL_MISSING = 3
_INTERRUPTED = 130


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Run the command line and return its exit code (design: 0 .. 8, 130).

    Parameters
    ----------
    arguments : sequence of str or None
        The words after the program's name. None takes those of the process, and deals with its
        interruptions until it ends, unless they are ignored.
    """
    if arguments is not None:
        return _command(arguments)()
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        _leave_out()
        return _command(sys.argv[1:])()
    # While modules are imported there is nothing to tidy, and much that an exception would upset.
    signal.signal(signal.SIGINT, _leave)
    _leave_out()
    run = _command(sys.argv[1:])
    sys.unraisablehook = _repeat
    try:
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            code = run()
        except KeyboardInterrupt:
            code = _INTERRUPTED
        signal.signal(signal.SIGINT, _leave)
    except KeyboardInterrupt:  # between the lines above
        code = _INTERRUPTED
    return code


def _leave_out() -> None:
    """Let the command import nothing that it has no use for: the process is its own."""
    from consilience.cli.left_out import leave_out

    leave_out(sys.argv[1] if len(sys.argv) > 1 else "")


def _command(words: "Sequence[str]") -> "Callable[[], int]":
    """Return what runs the command; where it cannot be imported, what says why and the cure."""
    try:
        os.getcwd()  # noqa: PTH109  (pathlib takes longer than all of this)
    except OSError:  # numba looks for it
        return _refusal("the folder it was started in is gone; change to another (cd)", _BAD_INPUT)
    try:
        from consilience.cli.program import program_for, run

        program = program_for(words)
    except ImportError as error:
        if (error.name or "").startswith("consilience"):
            raise
        from consilience.extras import install_command

        return _refusal(f"{error}; repair it: {install_command()}", _TOOL_MISSING)
    return lambda: run(program, words)


def _refusal(message: str, code: int) -> "Callable[[], int]":
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return lambda: code


def _leave(_number: int, _frame: object) -> None:
    """End at once."""
    try:
        os.write(2, b"interrupted\n")
    finally:
        os._exit(_INTERRUPTED)


def _repeat(unraisable: "sys.UnraisableHookArgs") -> None:
    """Send a signal again whose exception came where none can be raised, as in a destructor."""
    import threading

    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        number = int(signal.SIGINT)
    elif isinstance(unraisable.exc_value, SystemExit):
        number = int(unraisable.exc_value.code or 0) - 128  # as `ended_by_sigterm` raises it
    else:
        sys.__unraisablehook__(unraisable)
        return
    threading.Timer(0.01, os.kill, (os.getpid(), number)).start()
