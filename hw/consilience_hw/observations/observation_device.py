"""A monitor whose pins are GMII."""

from amaranth.hdl import Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..ethernet.mac_receiver import gmii_port
from ..ethernet.network_port import NetworkPort
from ..spec.network import NetworkAddress, PacketDrop
from ..spec.observations import COUNTER_BITS, MonitorSetup, ObservationCount
from .alarm_packer import ALARM_WORD_BYTES, AlarmPacker
from .monitor_commands import MonitorCommands
from .observation_monitor import ObservationMonitor
from .observation_reader import WORD_BYTES

__all__ = ["ObservationDevice"]


class ObservationDevice(wiring.Component):
    """Datagrams of observations in, alarms out as datagrams to who registered last.

    There is no request, no answer and no session: who sends observations need not be who registers.
    Whoever reaches the port can do both. Clock domains: those of `NetworkPort`.

    Parameters
    ----------
    setup : MonitorSetup
    agents : int
        A power of two.
    address : NetworkAddress
    buffer_bytes : int
        Room for received datagrams, as of `NetworkPort`.

    Members
    -------
    rx, tx : `gmii_port`
    busy : out
        A datagram waits to be read, or an alarm to be sent.
    dropped, reason : out
        As of `EthernetEngine`.
    counts : out
        `ObservationCount`s.
    """

    def __init__(
        self, setup: MonitorSetup, agents: int, address: NetworkAddress, buffer_bytes: int = 8192
    ) -> None:
        self.setup, self.agents = setup, agents
        self.address, self.buffer_bytes = address, buffer_bytes
        self.monitor = ObservationMonitor(len(setup.weights), agents, len(setup.increments))
        super().__init__(
            {
                "rx": In(gmii_port()),
                "tx": Out(gmii_port()),
                "busy": Out(1),
                "dropped": Out(1),
                "reason": Out(4),
                "counts": Out(data.ArrayLayout(COUNTER_BITS, len(ObservationCount))),
            }
        )

    @property
    def latency(self) -> int:
        """Cycles of ``sync`` from an observation's last word to its alarm, where nothing waits."""
        return self.monitor.latency

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.port = port = NetworkPort(
            self.address, self.buffer_bytes, received=WORD_BYTES, sent=ALARM_WORD_BYTES
        )
        m.submodules.commands = commands = MonitorCommands(self.setup, self.agents)
        m.submodules.monitor = monitor = self.monitor
        m.submodules.packer = packer = AlarmPacker(self.agents)
        connect(m, flipped(self.rx), port.rx)
        connect(m, port.tx, flipped(self.tx))
        connect(m, port.received, monitor.packet)
        connect(m, commands.o, monitor.command)
        connect(m, monitor.o, packer.i)
        connect(m, packer.packet, port.to_send)
        m.d.comb += [
            packer.peer.eq(monitor.peer),
            monitor.peer_held.eq(packer.peer_held),
            packer.asked.eq(monitor.asked),
            packer.sender.eq(monitor.sender),
            monitor.answered.eq(packer.answered),
            packer.counts.eq(monitor.counts),
            monitor.unsent.eq(packer.unsent),
            monitor.no_room.eq(port.drop.valid & (port.drop.p == PacketDrop.FULL)),
            monitor.other_drop.eq(port.drop.valid & (port.drop.p != PacketDrop.FULL)),
            packer.registered.eq(monitor.registered),
            port.drop.ready.eq(1),
            self.dropped.eq(port.drop.valid),
            self.reason.eq(port.drop.p),
            self.busy.eq(port.received.o.valid | packer.busy),
            self.counts.eq(monitor.counts),
        ]
        return m
