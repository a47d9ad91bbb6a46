"""Bench top for `UdpPort`: a device that sends back what it gets."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import connect, flipped

from ..ethernet.network_pins import network_pins
from ..ethernet.udp_port import UdpPort
from ..spec.network import NetworkAddress

__all__ = ["UdpEcho"]


class UdpEcho(wiring.Component):
    """`UdpPort` with its link bytes led back, each frame of them a datagram.

    Parameters
    ----------
    address : NetworkAddress
    buffer_bytes : int
        See `UdpPort`.

    Members
    -------
    See `network_pins`; `entropy` is not used.
    """

    def __init__(self, address: NetworkAddress, buffer_bytes: int = 8192) -> None:
        self.address, self.buffer_bytes = address, buffer_bytes
        super().__init__(network_pins())

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.port = port = UdpPort(self.address, self.buffer_bytes)
        connect(m, port.received, port.to_send)
        connect(m, flipped(self.rx), port.rx)
        connect(m, port.tx, flipped(self.tx))
        m.d.comb += [
            port.busy.eq(port.received.valid),
            self.busy.eq(port.received.valid),
            port.drop.ready.eq(1),
            self.dropped.eq(port.drop.valid),
            self.reason.eq(port.drop.p),
        ]
        return m
