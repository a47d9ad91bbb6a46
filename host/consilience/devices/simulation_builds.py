"""What a simulation's build fails with, in the errors of this package."""

from collections.abc import Iterator
from contextlib import contextmanager

from consilience.errors import ConsilienceError, ToolMissing
from consilience_sim.compiled import BuildFailed, CompilerMissing

__all__ = ["build_errors_told"]


@contextmanager
def build_errors_told() -> Iterator[None]:
    """Raise what a build in the ``with`` statement fails with as an error that has an exit code.

    Raises
    ------
    ToolMissing
        No C++ compiler.
    ConsilienceError
        The compiler, or Yosys, failed.
    """
    try:
        yield
    except CompilerMissing as error:
        raise ToolMissing(str(error)) from error
    except BuildFailed as error:
        raise ConsilienceError(str(error)) from error
