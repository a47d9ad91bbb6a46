"""How kernels are compiled, and kept on disk for later processes.

What is kept is made anew when the kernel's own file, the tables or the formats change: a function
that others are compiled with stands in their file, therefore.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

from consilience.kernels.kernel_cache import KernelCache

__all__ = ["compiled", "inlined"]

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compiled(function: Kernel) -> Kernel:
    """Compile for calls from Python; other Python threads run meanwhile."""
    dispatcher = numba.njit(nogil=True)(function)
    dispatcher._cache = KernelCache(function)
    return cast(Kernel, dispatcher)


def inlined(function: Kernel) -> Kernel:
    """Compile as part of the caller: a call of its own counts references, 0.1 us each time.

    So do levels of inlined functions, 10 ns each: keep them few.
    """
    return cast(Kernel, numba.njit(nogil=True, inline="always")(function))
