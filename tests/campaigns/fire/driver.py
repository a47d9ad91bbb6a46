"""The campaign through the real driver: a right answer or an error, and then it works again."""

import random
from collections.abc import Callable

from consilience.devices.link_device import LinkDevice
from consilience.errors import LinkError, NoDevice
from consilience.link.session import LinkSession
from tests.campaigns.fire.calls import Call, make_calls
from tests.campaigns.fire.ends import DeviceEnd
from tests.campaigns.fire.faults import CELLS, Schedule
from tests.campaigns.fire.line import FaultyLine, Hang
from tests.campaigns.fire.tally import Tally

__all__ = ["DriverCampaign"]

_CALLS = 300
"""Different ones: the golden model takes its time."""
_CHECK_EVERY = 8
"""Calls, after which the device's counters are compared, if no error has led to that before."""


class DriverCampaign:
    """Calls over a faulty line, until every cell has its faults.

    Parameters
    ----------
    make_end : callable
        Gives the device's end; takes its random numbers.
    seed : int
    each : int
        Faults of each cell.
    """

    def __init__(
        self, make_end: Callable[[random.Random], DeviceEnd], seed: int, each: int
    ) -> None:
        self._choose = random.Random(seed)
        self._schedule = Schedule(CELLS, each, self._choose)
        self._calls = make_calls(self._choose, min(_CALLS, 20 * each))
        self._end = make_end(self._choose)
        self._line = FaultyLine(self._end, self._choose)
        self.tally = Tally(injected=self._line.injected)
        self._open()

    def run(self, progress: Callable[[int], None]) -> Tally:
        """Return what became of all calls; `progress` takes the number of faults so far."""
        try:
            while self._schedule:
                self._attack(self._choose.choice(self._calls))
                progress(self._line.injected.total())
                if self.tally.failures > 20:
                    break
        finally:
            self._end.close()
        return self.tally

    def _open(self) -> None:
        """Make a session over the line as it is; retries differ from one to the next."""
        choose = self._choose
        self._retries = choose.choice((1, 2, 4, 8))
        self._session = LinkSession(
            self._line, "fire", retries=self._retries, random_bits=choose.getrandbits
        )
        self._device = LinkDevice(self._session)
        self._watch()
        self._since_check = 0

    def _watch(self) -> None:
        session = self._session
        retries = max(self._retries, 3)  # the first HELLO has 3

        def progress() -> tuple[int, ...]:
            counters = session.counters
            return counters["sessions"], counters["requests"], counters["replies"]

        self._line.begin_call(progress, (retries + 1) * self._line.reply_timeout + 1e-6)

    def _attack(self, call: Call) -> None:
        """Make a call with faults planned for it, and see that all is well after it."""
        line, tally, choose = self._line, self.tally, self._choose
        if choose.random() < 0.1:
            self._session._is_open = False  # the call begins with a HELLO
        cells = self._schedule.take(choose.choice((1, 1, 1, 2, 3, 5)))
        line.planned = [(cell, choose.choice((0, 0, 0, 1, 2, 4))) for cell in cells]
        before = line.injected.total()
        tally.calls += 1
        self._watch()
        raised = False
        try:
            if call.is_right(self._device):
                tally.right += 1
                tally.recovered += line.injected.total() > before
            else:
                tally.complain("wrong", f"{call.name} answered something else")
        except (LinkError, NoDevice) as error:
            raised = True
            tally.raised += 1
            if isinstance(error, NoDevice) and self._session.counters["sessions"]:
                tally.complain("wrong", f"{call.name} raised {error!r}")
        except Hang:
            tally.complain("hangs", call.name)
            raised = True
        except Exception as error:
            tally.complain("wrong", f"{call.name} raised {error!r}")
            raised = True
        for cell, _ in line.planned:
            self._schedule.put_back(cell)
        line.planned = []
        self._compare_host()
        self._since_check += 1
        # The cable may be out although the answer had arrived.
        if raised or not line.plugged:
            self._work_again(call)
        elif self._since_check >= _CHECK_EVERY:
            self._compare_device()

    def _work_again(self, call: Call) -> None:
        """Make a call over a line that is good again: it has one timeout."""
        line, tally = self._line, self.tally
        line.calm()
        if not line.plugged:
            self._device.close()
            line.replug()
            self._open()
        before = line.now()
        self._watch()
        tally.calls += 1
        try:
            if not call.is_right(self._device):
                tally.complain("wrong", f"{call.name} after an error answered something else")
            elif line.now() - before > line.reply_timeout:
                tally.complain("unusable", f"{call.name}: {line.now() - before} s after an error")
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
        complaint = self._line.ledger.complaint_of_host(self._session.counters)
        if complaint is not None:
            self.tally.complain("miscounted", f"host: {complaint}")
            # Else each call after it would complain of the same.
            self._device.close()
            self._line.replug()
            self._open()

    def _compare_device(self) -> None:
        """Ask for the device's counters over a good line."""
        self._since_check = 0
        self._line.calm()
        self._watch()
        try:
            counters = self._session.status()
        except Exception as error:
            self.tally.complain("unusable", f"status raised {error!r}")
            return
        self.tally.checked += 1
        complaint = self._line.ledger.complaint_of_device(counters)
        if complaint is not None:
            self.tally.complain("miscounted", f"device: {complaint}")
            self._end.reset()
            self._line.ledger.reset()
