"""Processes forked from this one, which has everything imported; all end with it."""

import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.campaigns.partition.namespaces import die_with_parent, new_time

__all__ = ["Children", "begin_session", "real_time"]


def begin_session() -> None:
    """Set a new process apart: it ends with the one that started it, and not by Ctrl-C."""
    die_with_parent()
    os.setsid()


def real_time(priority: int) -> None:
    """Put this thread, and what it starts, before this machine's other jobs; 0 ends that.

    A deadline of 100 ms is to test nodes, not what else their machine has to do. Who is not
    permitted stays as it is.
    """
    policy = os.SCHED_FIFO if priority else os.SCHED_OTHER
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, policy, os.sched_param(priority))


class Children:
    """Forked processes, each told what to do through a pipe of its own."""

    def __init__(self) -> None:
        self._pipes: dict[str, int] = {}
        self._pids: dict[str, int] = {}
        self._between: list[int] = []
        real_time(1)

    def pid(self, name: str) -> int:
        return self._pids[name]

    def start(self, name: str, run: Callable[[int], None], offset_s: int = 0) -> None:
        """Fork a process that calls `run` with the end of its pipe, and ends.

        With an offset its monotonic clocks are so far ahead.
        """
        reading, writing = os.pipe()
        if name in self._pipes:
            os.close(self._pipes[name])
        self._pipes[name] = writing
        if offset_s:
            self._pids[name] = self._fork_in_other_time(run, reading, offset_s)
        else:
            self._pids[name] = os.fork()
            if self._pids[name] == 0:
                self._be_child(run, reading)
        os.close(reading)

    def tell(self, name: str, data: bytes) -> None:
        """Write to the pipe of a process; if it is dead its history says so."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._pipes[name], data)

    def signal(self, name: str, number: signal.Signals) -> None:
        os.kill(self._pids[name], number)

    def reap(self, name: str) -> int | None:
        """Wait for the end of a process; return its exit code, None for one in another time."""
        pid = self._pids.pop(name)
        try:
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        except ChildProcessError:
            while Path(f"/proc/{pid}").exists():
                time.sleep(0.01)
        return None

    def end(self) -> None:
        """Kill all that are there."""
        for pid in [*self._pids.values(), *self._between]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        for pipe in self._pipes.values():
            os.close(pipe)
        real_time(0)

    def _be_child(self, run: Callable[[int], None], orders: int) -> None:
        try:
            begin_session()
            for pipe in self._pipes.values():
                os.close(pipe)
            run(orders)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(1)

    def _fork_in_other_time(self, run: Callable[[int], None], orders: int, offset_s: int) -> int:
        """A time namespace holds for children only: a process in between makes it and waits."""
        reading, writing = os.pipe()
        between = os.fork()
        if between == 0:
            begin_session()
            new_time(offset_s)
            pid = os.fork()
            if pid == 0:
                os.close(writing)
                self._be_child(run, orders)
            os.write(writing, str(pid).encode())
            os.close(writing)
            os.waitpid(pid, 0)
            os._exit(0)
        os.close(writing)
        pid = int(os.read(reading, 20))
        os.close(reading)
        self._between.append(between)
        return pid
