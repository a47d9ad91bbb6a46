"""How kernels are compiled, and kept on disk for later processes.

What is kept is made anew when the kernel's own file, this folder or the formats change: a function
that others are compiled with stands in their file or here, therefore.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import numba
import numpy as np

from consilience.kernels.kernel_cache import KernelCache

__all__ = ["compiled", "inlined"]

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compiled(function: Kernel) -> Kernel:
    """Compile for calls from Python; other Python threads run meanwhile."""
    dispatcher = numba.njit(nogil=True)(function)
    if dispatcher is function:  # as it is where NUMBA_DISABLE_JIT is set
        # Compiled or not, integers wrap; NumPy would warn of it.
        return cast(Kernel, np.errstate(over="ignore")(function))
    dispatcher._cache = KernelCache(function)
    dispatcher.compile = _put_off()(dispatcher.compile)
    return cast(Kernel, dispatcher)


def inlined(function: Kernel) -> Kernel:
    """Compile as part of the caller: a call of its own counts references, 0.1 us each time.

    So do levels of inlined functions, 10 ns each: keep them few.
    """
    return cast(Kernel, numba.njit(nogil=True, inline="always")(function))


@contextmanager
def _put_off() -> Iterator[None]:
    """Put off signals for the second that a kernel is compiled or loaded, unless they come twice.

    LLVM calls back into Python, where an interruption is dropped, and with it what was compiled.
    """
    came: set[int] = set()
    before: dict[int, Any] = {}

    def note(number: int, frame: object) -> None:
        if number in came:
            before[number](number, frame)
        came.add(number)

    try:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                if callable(handler := signal.getsignal(number)):
                    before[number] = handler
                    signal.signal(number, note)
        yield
    finally:
        for put_off, handler in before.items():
            signal.signal(put_off, handler)
        for arrived in came:
            signal.raise_signal(arrived)
