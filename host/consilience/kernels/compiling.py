"""How kernels are compiled: integers only, kept on disk for later processes.

numba's cache of a kernel sees a change of the kernel's own file alone. A function that others are
compiled with stands in their file, therefore.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

__all__ = ["compiled", "inlined"]

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compiled(function: Kernel) -> Kernel:
    """Compile for calls from Python; other Python threads run meanwhile."""
    return cast(Kernel, numba.njit(cache=True, nogil=True)(function))


def inlined(function: Kernel) -> Kernel:
    """Compile as part of the caller: a call of its own counts references, 0.1 us each time.

    So do levels of inlined functions, 10 ns each: keep them few.
    """
    return cast(Kernel, numba.njit(nogil=True, inline="always")(function))
