"""GMII to link bytes and back: the whole network side of a device."""

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..spec.network import NetworkAddress
from .datagram_reader import DatagramReader
from .mac_receiver import gmii_port
from .network_port import NetworkPort
from .reply_packer import ReplyPacker

__all__ = ["UdpPort"]


class UdpPort(wiring.Component):
    """A link over UDP: `NetworkPort` whose datagrams are link bytes, and replies datagrams.

    Latency, in cycles of the domains, without waiting: from the last byte of a frame to its first
    link byte 10 of ``eth_rx`` and 20 of ``sync``; from the last byte of a reply to the preamble 3
    of ``sync`` and 25 of ``eth_tx``.

    Parameters
    ----------
    address : NetworkAddress
    buffer_bytes : int
        Room for received datagrams, 12 bytes more each: a power of two. To lose none, as much as
        all that the host sends before it waits.

    Members
    -------
    rx, tx : `gmii_port`
        From the PHY, in ``eth_rx``, and to it, in ``eth_tx``.
    received, to_send : streams of link bytes
        In ``sync``.
    busy : in
        `Engine.busy`.
    drop : stream of 4 bits
        A `PacketDrop` for each frame dropped, in ``sync``.
    """

    def __init__(self, address: NetworkAddress, buffer_bytes: int) -> None:
        self.address, self.buffer_bytes = address, buffer_bytes
        super().__init__(
            {
                "rx": In(gmii_port()),
                "tx": Out(gmii_port()),
                "received": Out(stream.Signature(8)),
                "to_send": In(stream.Signature(8)),
                "busy": In(1),
                "drop": Out(stream.Signature(4)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.port = port = NetworkPort(self.address, self.buffer_bytes)
        m.submodules.reader = reader = DatagramReader()
        m.submodules.packer = packer = ReplyPacker()
        connect(m, flipped(self.rx), port.rx)
        connect(m, port.tx, flipped(self.tx))
        connect(m, port.drop, flipped(self.drop))
        connect(m, port.received, reader.packet)
        connect(m, reader.o, flipped(self.received))
        connect(m, flipped(self.to_send), packer.i)
        connect(m, packer.peer, reader.peer)
        connect(m, packer.packet, port.to_send)
        m.d.comb += reader.busy.eq(self.busy)
        return m
