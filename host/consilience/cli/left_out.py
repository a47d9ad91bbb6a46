"""Packages that libraries import wherever they find them, and these commands have no use for.

Arrow imports pandas to know its arrays, numba SciPy's linear algebra for kernels that call it and
coverage for its reports: a second of processor time, where a small file takes a half.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

__all__ = ["leave_out"]

_COMMANDS = ("check", "fuse", "monitor")
_UNUSED = ("coverage", "pandas", "scipy")


class _LeftOut:
    """Says of unused packages that they are not there; a finder of the import system."""

    def find_spec(
        self, name: str, path: "Sequence[str] | None" = None, target: "ModuleType | None" = None
    ) -> None:
        if name in _UNUSED:
            raise ModuleNotFoundError(f"{name} is left out of this command", name=name)


def leave_out(command: str) -> None:
    """Import none of these packages in this process from now on, if it is for such a command."""
    if command in _COMMANDS and not any(isinstance(one, _LeftOut) for one in sys.meta_path):
        sys.meta_path.insert(0, _LeftOut())
