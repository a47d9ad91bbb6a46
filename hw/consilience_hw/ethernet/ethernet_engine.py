"""An engine behind its network port."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import connect, flipped

from ..engine.engine import Engine
from ..spec.engine_config import EngineConfig
from ..spec.network import NetworkAddress, PacketDrop
from .network_pins import network_pins
from .udp_port import UdpPort

__all__ = ["EthernetEngine", "buffer_bytes"]

DATAGRAM_OVERHEAD = 32
"""Bytes in a `PacketBuffer` beside a largest payload: the peer, frame header, CRC and COBS."""


def buffer_bytes(config: EngineConfig) -> int:
    """Return the room for all datagrams that a session may have in flight, a power of two."""
    return 1 << (config.credits * (config.largest_payload + DATAGRAM_OVERHEAD) - 1).bit_length()


class EthernetEngine(wiring.Component):
    """`Engine` and `UdpPort`: a device whose pins are GMII.

    Three clock domains (`UdpPort`): ``sync`` of the engine, ``eth_rx`` and ``eth_tx``.

    Parameters
    ----------
    config : EngineConfig
    address : NetworkAddress

    Members
    -------
    See `network_pins`. STATUS has a counter for each kind of drop (`PacketDrop.counter`).
    """

    def __init__(self, config: EngineConfig, address: NetworkAddress) -> None:
        self.config, self.address = config, address
        super().__init__(network_pins())

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.engine = engine = Engine(self.config, more_drops=True)
        m.submodules.port = port = UdpPort(self.address, buffer_bytes(self.config))
        connect(m, port.received, engine.i)
        connect(m, engine.o, port.to_send)
        connect(m, flipped(self.rx), port.rx)
        connect(m, port.tx, flipped(self.tx))
        m.d.comb += [
            port.busy.eq(engine.busy),
            engine.entropy.eq(self.entropy),
            self.busy.eq(engine.busy | port.received.valid),
            engine.drop.valid.eq(port.drop.valid),
            port.drop.ready.eq(engine.drop.ready),
            self.dropped.eq(port.drop.valid & port.drop.ready),
            self.reason.eq(port.drop.p),
        ]
        with m.Switch(port.drop.p):
            for reason in PacketDrop:
                with m.Case(reason):
                    m.d.comb += engine.drop.p.eq(reason.counter)
        return m
