"""Calls of the real driver over a hostile network: right or an error, and then it works again."""

import random
from collections.abc import Callable

from consilience.devices.link_device import LinkDevice
from consilience.devices.udp import DatagramAddress
from consilience.errors import LinkError, NoDevice
from consilience.link.session import LinkSession
from tests.campaigns.fire.calls import Call, make_calls
from tests.campaigns.fire.datagrams.hostile_network import HostileNetwork, VirtualTransport
from tests.campaigns.fire.ends import DeviceEnd
from tests.campaigns.fire.line import Hang
from tests.campaigns.fire.tally import Tally

__all__ = ["DatagramCampaign"]

_CALLS = 300
"""Different ones: the golden model takes its time."""
_CHECK_EVERY = 8
"""Calls, after which the device's counters are compared, if no error has led to that before."""
_RATES = (0.05, 0.2, 0.5)


class DatagramCampaign:
    """Calls until so many faults were injected.

    Parameters
    ----------
    make_end : callable
        Gives the device's end; takes its random numbers.
    seed : int
    faults : int
    """

    def __init__(
        self, make_end: Callable[[random.Random], DeviceEnd], seed: int, faults: int
    ) -> None:
        self._choose = random.Random(seed)
        self._faults = faults
        self._calls = make_calls(self._choose, min(_CALLS, 10 + faults // 10))
        self._end = make_end(self._choose)
        self._timeout = 0.05
        self._network = HostileNetwork(self._end, self._choose, self._timeout)
        self.tally = Tally(injected=self._network.injected)  # type: ignore[arg-type]
        self._open()

    def run(self, progress: Callable[[int], None] = lambda faults: None) -> Tally:
        """Return what became of all calls; `progress` takes the number of faults so far."""
        try:
            while self.tally.faults < self._faults and self.tally.failures <= 20:
                self._attack(self._choose.choice(self._calls))
                progress(self.tally.faults)
        finally:
            self._end.close()
        return self.tally

    def _open(self) -> None:
        """Make a session of a new transport; retries differ from one to the next."""
        self._retries = self._choose.choice((1, 2, 4, 8))
        self._network.ledger.new_host()
        address = DatagramAddress("10.77.0.2", 1, self._timeout, self._retries)
        transport = VirtualTransport(self._network, address)
        self._session = LinkSession(transport, "fire", random_bits=self._choose.getrandbits)
        self._device = LinkDevice(self._session)
        self._watch()
        self._since_check = 0

    def _watch(self) -> None:
        session = self._session

        def progress() -> tuple[int, ...]:
            counters = session.counters
            return counters["sessions"], counters["requests"], counters["replies"]

        retries = max(self._retries, 3)  # the first HELLO has 3
        self._network.begin_call(progress, (retries + 1) * self._timeout + 1e-6)

    def _attack(self, call: Call) -> None:
        """Make a call over the hostile network, and see that all is well after it."""
        network, tally, choose = self._network, self.tally, self._choose
        if choose.random() < 0.1:
            self._session._is_open = False  # the call begins with a HELLO
        if choose.random() < 0.02:
            self._open()  # another host, which may hear what the one before asked for
        network.rate = choose.choice(_RATES)
        before = tally.faults
        tally.calls += 1
        self._watch()
        raised = True
        try:
            if call.is_right(self._device):
                raised = False
                tally.right += 1
                tally.recovered += tally.faults > before
            else:
                tally.complain("wrong", f"{call.name} answered something else")
        except (LinkError, NoDevice) as error:
            tally.raised += 1
            if isinstance(error, NoDevice) and self._session.counters["sessions"]:
                tally.complain("wrong", f"{call.name} raised {error!r}")
        except Hang:
            tally.complain("hangs", call.name)
        except Exception as error:
            tally.complain("wrong", f"{call.name} raised {error!r}")
        network.rate = 0.0
        self._compare_host()
        self._since_check += 1
        if raised:
            self._work_again(call)
        elif self._since_check >= _CHECK_EVERY:
            self._compare_device()

    def _work_again(self, call: Call) -> None:
        """Make a call over a network that is good again: it has one timeout."""
        network, tally = self._network, self.tally
        network.calm()
        before = network.time
        self._watch()
        tally.calls += 1
        try:
            if not call.is_right(self._device):
                tally.complain("wrong", f"{call.name} after an error answered something else")
            elif network.time - before > self._timeout:
                took = network.time - before
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
        complaint = self._network.ledger.complaint_of_host(self._session.counters)
        if complaint is not None:
            self.tally.complain("miscounted", f"host: {complaint}")
            # Else each call after it would complain of the same.
            self._open()

    def _compare_device(self) -> None:
        """Ask for the device's counters over a good network."""
        self._since_check = 0
        self._network.calm()
        self._watch()
        try:
            try:
                self._session.status()
            except LinkError:  # a stranger has taken the device since the last call
                self._watch()
                self._session.status()
            # Another one: what was repeated of the one before came behind its own count.
            self._network.calm()
            counters = self._session.status()
        except Exception as error:
            self.tally.complain("unusable", f"status raised {error!r}")
            return
        self.tally.checked += 1
        complaint = self._network.ledger.complaint_of_device(counters)
        if complaint is not None:
            self.tally.complain("miscounted", f"device: {complaint}")
            self._end.reset()
            self._network.ledger.reset()
