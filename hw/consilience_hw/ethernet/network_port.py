"""GMII to packets and back: what all devices on a network have in common."""

from typing import Any

from amaranth.hdl import DomainRenamer, Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..spec.network import NetworkAddress
from .drop_queue import DropQueue
from .mac_receiver import MacReceiver, gmii_port
from .mac_transmitter import MacTransmitter
from .packet_buffer import PacketBuffer, packet_port, packet_write_port
from .packet_builder import PacketBuilder
from .packet_bytes import PacketBytes
from .packet_filter import PacketFilter, answer_layout

__all__ = ["NetworkPort"]

ANSWER_BYTES, REPLY_BYTES = 2048, 4096
"""Room for answers of ARP and ICMP, and for replies: one and two of the largest."""


class NetworkPort(wiring.Component):
    """Datagrams to one port in, datagrams out; answers ARP and ICMP echo; all else is counted.

    Clock domains: ``eth_rx`` and ``eth_tx``, 125 MHz each, of the PHY's receive and of the transmit
    clock, and ``sync`` of what takes and gives packets; no two need a relation, but all are reset
    together. Whole packets cross (`PacketBuffer`). Ethernet does not wait: a datagram that finds no
    room is dropped, whole, and counted.

    Latency, in cycles of the domains, without waiting: from the last byte of a frame to the first
    byte of its sender 10 of ``eth_rx`` and 8 of ``sync``; from ``keep`` to the preamble 25 of
    ``eth_tx``.

    Parameters
    ----------
    address : NetworkAddress
    buffer_bytes : int
        Room for received datagrams, 12 bytes more each: a power of two. To lose none, as much as
        all that the host sends before it waits.
    received, sent : int
        Bytes that are read, and written, in a cycle.

    Members
    -------
    rx, tx : `gmii_port`
        From the PHY, in ``eth_rx``, and to it, in ``eth_tx``.
    received : `packet_port`
        In ``sync``: the sender (`packet_filter.PEER_BYTES`) and data of each datagram.
    to_send : the buffer's side of `packet_write_port`
        In ``sync``: whom to, and data.
    drop : stream of 4 bits
        A `PacketDrop` for each frame dropped, in ``sync``.
    """

    def __init__(
        self, address: NetworkAddress, buffer_bytes: int, *, received: int = 1, sent: int = 1
    ) -> None:
        self.address, self.buffer_bytes = address, buffer_bytes
        self.received_bytes, self.sent_bytes = received, sent
        super().__init__(
            {
                "rx": In(gmii_port()),
                "tx": Out(gmii_port()),
                "received": Out(packet_port(0, received)),
                "to_send": In(packet_write_port(0, sent)),
                "drop": Out(stream.Signature(4)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        receive, transmit = DomainRenamer("eth_rx"), DomainRenamer("eth_tx")
        m.submodules.mac_receiver = mac_receiver = receive(MacReceiver())
        m.submodules.filter = packets = receive(PacketFilter(self.address))
        m.submodules.builder = builder = transmit(PacketBuilder(self.address))
        m.submodules.mac_transmitter = mac_transmitter = transmit(MacTransmitter())

        datagrams = PacketBuffer(self.buffer_bytes, read=self.received_bytes)
        answers = PacketBuffer(ANSWER_BYTES, packets=16, note_bits=answer_layout().size)
        sent = self.sent_bytes
        replies = PacketBuffer(REPLY_BYTES, packets=16, written=sent, read=sent)
        drops = DropQueue()
        m.submodules.datagrams = _renamed(datagrams, "eth_rx", "sync")
        m.submodules.answers = _renamed(answers, "eth_rx", "eth_tx")
        m.submodules.replies = _renamed(replies, "sync", "eth_tx")
        m.submodules.drops = _renamed(drops, "eth_rx", "sync")

        m.d.comb += [
            packets.i.eq(mac_receiver.o),
            drops.dropped.eq(packets.dropped),
            drops.reason.eq(packets.reason),
        ]
        connect(m, flipped(self.rx), mac_receiver.gmii)
        connect(m, mac_transmitter.gmii, flipped(self.tx))
        connect(m, packets.datagrams, datagrams.i)
        connect(m, packets.answers, answers.i)
        connect(m, drops.o, flipped(self.drop))
        connect(m, datagrams.packet, flipped(self.received))
        connect(m, flipped(self.to_send), replies.i)
        connect(m, answers.packet, builder.answers)
        if sent == 1:
            connect(m, replies.packet, builder.replies)
        else:
            m.submodules.reply_bytes = reply_bytes = transmit(PacketBytes(sent))
            connect(m, replies.packet, reply_bytes.i)
            connect(m, reply_bytes.packet, builder.replies)
        connect(m, builder.o, mac_transmitter.i)
        return m


def _renamed(unit: PacketBuffer | DropQueue, write: str, read: str) -> Any:
    """Put the two sides of a crossing into their domains."""
    return DomainRenamer({"write": write, "read": read})(unit)
