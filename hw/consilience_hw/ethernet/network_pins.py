"""The pins of a device whose network is a PHY with GMII."""

from amaranth.lib.wiring import In, Member, Out

from .mac_receiver import gmii_port

__all__ = ["network_pins"]


def network_pins() -> dict[str, Member]:
    """Return the members of a top on a network.

    ``rx``, ``tx`` : `gmii_port`
        From the PHY, in the domain ``eth_rx``, and to it, in ``eth_tx``.
    ``entropy`` : in
        See `Engine`.
    ``busy`` : out
        Something waits inside, or is being worked on.
    ``dropped`` : out
        Strobe in ``sync``: a frame of Ethernet was dropped; ``reason`` is a `PacketDrop`.
    """
    return {
        "rx": In(gmii_port()),
        "tx": Out(gmii_port()),
        "entropy": In(32),
        "busy": Out(1),
        "dropped": Out(1),
        "reason": Out(4),
    }
