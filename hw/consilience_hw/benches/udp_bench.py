"""Bench tops for `UdpPort`: a device that sends back what it gets."""

from amaranth.hdl import ClockDomain, ClockSignal, Module, ResetSignal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect

from ..ethernet.mac_receiver import gmii_layout
from ..ethernet.udp_port import UdpPort
from ..spec.network import NetworkAddress

__all__ = ["UdpBench", "UdpEcho"]


class UdpEcho(wiring.Component):
    """`UdpPort` with its link bytes led back, each frame of them a datagram.

    Parameters
    ----------
    address : NetworkAddress
    buffer_bytes : int
        See `UdpPort`.

    Members
    -------
    See `EthernetEngine`; `entropy` is not used.
    """

    def __init__(self, address: NetworkAddress, buffer_bytes: int = 8192) -> None:
        self.address, self.buffer_bytes = address, buffer_bytes
        super().__init__(
            {
                "rx": In(gmii_layout()),
                "tx": Out(gmii_layout()),
                "entropy": In(32),
                "busy": Out(1),
                "dropped": Out(1),
                "reason": Out(4),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.port = port = UdpPort(self.address, self.buffer_bytes)
        connect(m, port.received, port.to_send)
        m.d.comb += [
            port.rx.eq(self.rx),
            self.tx.eq(port.tx),
            port.busy.eq(port.received.valid),
            self.busy.eq(port.received.valid),
            port.drop.ready.eq(1),
            self.dropped.eq(port.drop.valid),
            self.reason.eq(port.drop.p),
        ]
        return m


class UdpBench(wiring.Component):
    """`UdpEcho` on one clock.

    Then the tools see every path, and the clock that they find is that of the slowest domain.

    Members
    -------
    rx, tx : in, out: `gmii_layout`
    """

    def __init__(self) -> None:
        super().__init__({"rx": In(gmii_layout()), "tx": Out(gmii_layout())})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for name in ("eth_rx", "eth_tx"):
            m.domains += ClockDomain(name)
            m.d.comb += [
                ClockSignal(name).eq(ClockSignal()),
                ResetSignal(name).eq(ResetSignal()),
            ]
        m.submodules.echo = echo = UdpEcho(NetworkAddress())
        m.d.comb += [echo.rx.eq(self.rx), self.tx.eq(echo.tx)]
        return m
