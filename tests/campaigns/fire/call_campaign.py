"""Calls of the real driver while something is wrong: right or an error, and then it works again."""

import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol

from consilience.devices.link_device import LinkDevice
from consilience.errors import LinkError, NoDevice
from consilience.link.session import LinkSession
from tests.campaigns.fire.calls import Call
from tests.campaigns.fire.ends import Owned
from tests.campaigns.fire.ledger import Ledger
from tests.campaigns.fire.line import Hang
from tests.campaigns.fire.tally import Tally

__all__ = ["MOST_CALLS", "CallCampaign"]

MOST_CALLS = 300
"""Different ones: the golden model takes its time."""
_CHECK_EVERY = 8
"""Calls, after which the device's counters are compared, if no error has led to that before."""


class Between(Protocol):
    """What lies between driver and device: a line or a network."""

    ledger: Ledger

    def begin_call(self, progress: Callable[[], object], patience: float) -> None:
        """Watch a call from here on."""

    def calm(self) -> None:
        """Let nothing be wrong any more."""


class CallCampaign(ABC):
    """What campaigns through the driver have in common.

    Parameters
    ----------
    between : Between
    end : Owned
    choose : Random
    tally : Tally
    timeout : float
        Of a reply, in seconds.
    """

    _session: LinkSession
    _device: LinkDevice
    _retries: int

    def __init__(
        self,
        between: Between,
        end: Owned,
        choose: random.Random,
        tally: Tally,
        timeout: float,
    ) -> None:
        self._between, self._end, self._choose = between, end, choose
        self._timeout, self.tally = timeout, tally
        self._since_check = 0

    @abstractmethod
    def _now(self) -> float:
        """Return the virtual time."""

    @abstractmethod
    def _open(self) -> None:
        """Make a session, and the device over it."""

    def _calm(self) -> None:
        """Let nothing be wrong any more."""
        self._between.calm()

    def _begin_anew(self) -> None:
        """Make another session, whose counters are 0."""
        self._open()

    def _counters(self) -> dict[str, int]:
        """Return what the device has counted."""
        return self._session.status()

    def _watch(self) -> None:
        session = self._session
        retries = max(self._retries, 3)  # the first HELLO has 3

        def progress() -> tuple[int, ...]:
            counters = session.counters
            return counters["sessions"], counters["requests"], counters["replies"]

        self._between.begin_call(progress, (retries + 1) * self._timeout + 1e-6)

    def _call(self, call: Call) -> bool:
        """Make a call while something is wrong; return whether it gave the right answer."""
        tally = self.tally
        before = tally.faults
        tally.calls += 1
        self._watch()
        try:
            if call.is_right(self._device):
                tally.right += 1
                tally.recovered += tally.faults > before
                return True
            tally.complain("wrong", f"{call.name} answered something else")
        except (LinkError, NoDevice) as error:
            tally.raised += 1
            if isinstance(error, NoDevice) and self._session.counters["sessions"]:
                tally.complain("wrong", f"{call.name} raised {error!r}")
        except Hang:
            tally.complain("hangs", call.name)
        except Exception as error:
            tally.complain("wrong", f"{call.name} raised {error!r}")
        return False

    def _look(self, call: Call, *, works: bool) -> None:
        """Compare counters, the device's now and then; unless it works, see that it does again."""
        self._compare_host()
        self._since_check += 1
        if not works:
            self._work_again(call)
        elif self._since_check >= _CHECK_EVERY:
            self._compare_device()

    def _work_again(self, call: Call) -> None:
        """Make a call while nothing is wrong: it has one timeout."""
        tally = self.tally
        self._calm()
        before = self._now()
        self._watch()
        tally.calls += 1
        try:
            if not call.is_right(self._device):
                tally.complain("wrong", f"{call.name} after an error answered something else")
            elif self._now() - before > self._timeout:
                took = self._now() - before
                tally.complain("unusable", f"{call.name}: {took} s after an error")
            else:
                tally.right += 1
                tally.recovered += 1
        except Hang:
            tally.complain("hangs", f"{call.name} after an error")
        except Exception as error:
            tally.complain("unusable", f"{call.name} after an error raised {error!r}")
        self._compare_device()

    def _compare_host(self) -> None:
        self.tally.checked += 1
        complaint = self._between.ledger.complaint_of_host(self._session.counters)
        if complaint is not None:
            self.tally.complain("miscounted", f"host: {complaint}")
            # Else each call after it would complain of the same.
            self._begin_anew()

    def _compare_device(self) -> None:
        """Ask for the device's counters while nothing is wrong."""
        self._since_check = 0
        self._calm()
        self._watch()
        try:
            counters = self._counters()
        except Exception as error:
            self.tally.complain("unusable", f"status raised {error!r}")
            return
        self.tally.checked += 1
        complaint = self._between.ledger.complaint_of_device(counters)
        if complaint is not None:
            self.tally.complain("miscounted", f"device: {complaint}")
            self._end.reset()
            self._between.ledger.reset()
