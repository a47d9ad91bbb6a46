"""Calls of the real driver over a hostile network: right or an error, and then it works again."""

import random
from collections.abc import Callable

from consilience.devices.link_device import LinkDevice
from consilience.devices.udp import DatagramAddress
from consilience.errors import LinkError
from consilience.link.session import LinkSession
from tests.campaigns.fire.call_campaign import MOST_CALLS, CallCampaign
from tests.campaigns.fire.calls import Call, make_calls
from tests.campaigns.fire.datagrams.virtual_socket import VirtualSocket, VirtualTransport
from tests.campaigns.fire.ends import Owned
from tests.campaigns.fire.tally import Tally

__all__ = ["DatagramCampaign"]

_TIMEOUT = 0.05
_RATES = (0.1, 0.4, 0.8)


class DatagramCampaign(CallCampaign):
    """Calls until so many faults were injected.

    Parameters
    ----------
    make_network : callable
        Takes the random numbers and the time-out in seconds; gives the network, with the device's
        end of it.
    seed : int
    faults : int
    """

    def __init__(
        self,
        make_network: Callable[[random.Random, float], tuple[VirtualSocket, Owned]],
        seed: int,
        faults: int,
    ) -> None:
        choose = random.Random(seed)
        self._faults = faults
        self._calls = make_calls(choose, min(MOST_CALLS, 10 + faults // 10))
        network, end = make_network(choose, _TIMEOUT)
        self._network = network
        tally = Tally(injected=network.injected)
        super().__init__(network, end, choose, tally, _TIMEOUT)
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

    def _now(self) -> float:
        return self._network.time

    def _attack(self, call: Call) -> None:
        """Make a call over the hostile network, and see that all is well after it."""
        choose = self._choose
        if choose.random() < 0.1:
            self._session._is_open = False  # the call begins with a HELLO
        if choose.random() < 0.005:
            self._open()  # another host, which may hear what the one before asked for
        self._network.rate = choose.choice(_RATES)
        works = self._call(call)
        self._network.rate = 0.0
        self._look(call, works=works)

    def _counters(self) -> dict[str, int]:
        try:
            self._session.status()
        except LinkError:  # a stranger has taken the device since the last call
            self._watch()
            self._session.status()
        # Another one: what was repeated of the one before came behind its own count.
        self._network.calm()
        return self._session.status()
