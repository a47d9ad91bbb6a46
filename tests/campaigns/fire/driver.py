"""The campaign through the real driver: a right answer or an error, and then it works again."""

import random
from collections.abc import Callable

from consilience.devices.link_device import LinkDevice
from consilience.link.session import LinkSession
from tests.campaigns.fire.call_campaign import MOST_CALLS, CallCampaign
from tests.campaigns.fire.calls import Call, make_calls
from tests.campaigns.fire.ends import DeviceEnd
from tests.campaigns.fire.faults import CELLS, Cell, Schedule
from tests.campaigns.fire.line import FaultyLine
from tests.campaigns.fire.tally import Tally

__all__ = ["DriverCampaign"]


class DriverCampaign(CallCampaign):
    """Calls over a faulty line, until every cell has its faults.

    Parameters
    ----------
    make_end : callable
        Gives the device's end; takes its random numbers.
    seed : int
    each : int
        Faults of each cell.
    cells : tuple of Cell
        Which; by default all.
    """

    def __init__(
        self,
        make_end: Callable[[random.Random], DeviceEnd],
        seed: int,
        each: int,
        cells: tuple[Cell, ...] = CELLS,
    ) -> None:
        choose = random.Random(seed)
        self._schedule = Schedule(cells, each, choose)
        self._calls = make_calls(choose, min(MOST_CALLS, 20 * each))
        end = make_end(choose)
        self._line = line = FaultyLine(end, choose)
        super().__init__(line, end, choose, Tally(injected=line.injected), line.reply_timeout)
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

    def _now(self) -> float:
        return self._line.now()

    def _calm(self) -> None:
        super()._calm()
        if not self._line.plugged:
            self._begin_anew()

    def _begin_anew(self) -> None:
        self._device.close()
        self._line.replug()
        self._open()

    def _attack(self, call: Call) -> None:
        """Make a call with faults planned for it, and see that all is well after it."""
        line, choose = self._line, self._choose
        if choose.random() < 0.1:
            self._session._is_open = False  # the call begins with a HELLO
        cells = self._schedule.take(choose.choice((1, 1, 1, 2, 3, 5)))
        line.planned = [(cell, choose.choice((0, 0, 0, 1, 2, 4))) for cell in cells]
        works = self._call(call)
        for cell, _ in line.planned:
            self._schedule.put_back(cell)
        line.planned = []
        # The cable may be out although the answer had arrived.
        self._look(call, works=works and line.plugged)
