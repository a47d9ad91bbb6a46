"""Gateware of the link over UDP: Ethernet frames to link bytes and back (`spec.network`).

``GMII -> MacReceiver -> PacketFilter -> PacketBuffer -> DatagramReader -> link bytes -> Engine ->
ReplyPacker -> PacketBuffer -> PacketBuilder -> MacTransmitter -> GMII``. The receive side, the
engine and the transmit side each have their own clock; only whole packets cross, in a
`PacketBuffer`. Answers to ARP and ICMP echo go from the filter straight to the builder.
"""
