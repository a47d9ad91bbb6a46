"""A snapshot written by a child of the process, which has the state as it is at this moment.

The system copies a page when one of the two writes to it: the service goes on after the few
milliseconds of a fork. The child keeps none of the parent's files open: not its port, not its lock.
"""

import ctypes
import gc
import os
import signal
import sys
import warnings
from collections.abc import Callable

__all__ = ["SnapshotProcess"]

_NICE = 10
_LONGEST = 1000
"""Bytes of what a child says of its failure: a pipe takes them at once."""
_MOST_FILES = 1 << 16
_DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of Linux."""


class SnapshotProcess:
    """A child at work.

    Parameters
    ----------
    work : callable
        What it does.

    Attributes
    ----------
    failure : str
        Why it has not done its work, once `ended` says so.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self.failure = ""
        parent = os.getpid()
        self._told, says = os.pipe()
        with warnings.catch_warnings():
            # Python 3.12, and JAX wherever it is loaded, warn of locks that other threads hold:
            # the child takes none of theirs.
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", RuntimeWarning)
            self._child = os.fork()
        if self._child == 0:
            _live(work, parent, says)
        os.close(says)

    def ended(self, *, wait: bool = False) -> bool | None:
        """Return whether it has done its work; None while it is at it."""
        child, status = os.waitpid(self._child, 0 if wait else os.WNOHANG)
        if child == 0:
            return None
        code = os.waitstatus_to_exitcode(status)
        told = os.read(self._told, _LONGEST).decode(errors="replace")
        os.close(self._told)
        self.failure = told or (f"ended by signal {-code}" if code < 0 else f"exit code {code}")
        return code == 0


def _live(work: Callable[[], None], parent: int, says: int) -> None:
    """Be the child, from its first moment to its last."""
    code = 1
    try:
        gc.disable()  # what it would finalise is the parent's
        os.closerange(3, says)
        os.closerange(says + 1, _MOST_FILES)
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() == parent:
            os.nice(_NICE)
            work()
            code = 0
    except BaseException as error:
        os.write(says, f"{type(error).__name__}: {error}".encode()[:_LONGEST])
    finally:
        os._exit(code)
