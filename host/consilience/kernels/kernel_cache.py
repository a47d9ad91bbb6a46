"""Compiled kernels on disk: each is sealed, so that what is damaged is compiled again."""

import inspect
import logging
import pickle
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba.core.codegen import ll
from numba.core.compiler import CompileResult
from numba.core.runtime import rtsys
from numba.core.serialize import dumps

import consilience_hw.spec
from consilience_sim.cache import cache_folder, digest, is_whole, made_once

__all__ = ["KernelCache"]

_CODE = "kernel.nbc"
_COMPILER = numba.__version__, np.__version__, sys.version

_log = logging.getLogger("consilience.kernels")


class KernelCache:
    """The cache of one kernel, with the methods that numba's dispatcher calls.

    numba's own trusts what it reads (a file cut short ends in a traceback, a flipped bit in wrong
    results), raises where it finds no folder that it can write, and sees no change in another file
    than the kernel's. Here a folder that cannot be used costs a warning and the seconds to compile.

    The folder is numba's, if ``NUMBA_CACHE_DIR`` names one, else one in our cache folder.

    Parameters
    ----------
    function : callable
        The kernel, as it is written.
    """

    _warned = False

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def load_overload(self, signature: object, target: Any) -> Any:
        """Return the code compiled for a signature; None if there is none, or none that is whole.

        Parameters
        ----------
        signature : tuple of numba types
        target : numba.core.cpu.CPUContext
        """
        # Not refresh(): its tables of all that can be compiled take half a second.
        rtsys.initialize(target)
        try:
            entry = self._entry(signature, target.codegen())
            code = (entry / _CODE).read_bytes() if is_whole(entry) else None
        except OSError:
            return None  # told when the code is to be kept
        if code is None:
            return None
        needed, result = pickle.loads(code)
        if not all(map(ll.address_of_symbol, needed)):
            target.refresh()
        return CompileResult._rebuild(target, *result)

    def save_overload(self, signature: object, result: Any) -> None:
        """Keep the code compiled for a signature, and the names of the functions that it calls."""
        functions = result.library._final_module.functions
        declared = [function.name for function in functions if function.is_declaration]
        needed = [name for name in declared if not name.startswith("llvm.")]
        code = dumps((needed, result._reduce()))

        def write(_work: Path, made: Path) -> None:
            (made / _CODE).write_bytes(code)

        try:
            made_once(self._entry(signature, result.codegen), write)
        except OSError as error:
            if not KernelCache._warned:
                KernelCache._warned = True
                _log.warning("kernels are compiled anew at each start, some seconds: %s", error)

    def _entry(self, signature: object, codegen: Any) -> Path:
        """Return the folder of what is compiled for a signature, on such a processor."""
        function = self._function
        folder = Path(numba.config.CACHE_DIR or cache_folder() / "kernels")
        name = f"{function.__module__}.{function.__qualname__}"
        made_from = name, str(signature), codegen.magic_tuple(), _sources(inspect.getfile(function))
        return folder.absolute() / digest(_COMPILER, *made_from)


@cache
def _sources(file: str) -> list[str]:
    """Return the texts that kernels of a file are compiled from: inlined functions, constants."""
    shared = (Path(__file__).parent, Path(consilience_hw.spec.__file__).parent)
    paths = [path for folder in shared for path in sorted(folder.glob("*.py"))]
    return [path.read_text(encoding="utf-8") for path in (Path(file), *paths)]
