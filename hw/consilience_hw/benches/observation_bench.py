"""Bench top for `ObservationDevice`: the pins that its simulation knows."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import connect, flipped

from ..ethernet.network_pins import network_pins
from ..observations.observation_device import ObservationDevice
from ..spec.network import NetworkAddress
from ..spec.observations import MonitorSetup

__all__ = ["ObservationBench"]


class ObservationBench(wiring.Component):
    """`ObservationDevice` with the pins of `EthernetEngine`.

    Parameters
    ----------
    setup, agents, address
        As of `ObservationDevice`.

    Members
    -------
    See `network_pins`; `entropy` is not used.
    """

    def __init__(self, setup: MonitorSetup, agents: int, address: NetworkAddress) -> None:
        self.device = ObservationDevice(setup, agents, address)
        super().__init__(network_pins())

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.device = device = self.device
        connect(m, flipped(self.rx), device.rx)
        connect(m, device.tx, flipped(self.tx))
        m.d.comb += [
            self.busy.eq(device.busy),
            self.dropped.eq(device.dropped),
            self.reason.eq(device.reason),
        ]
        return m
