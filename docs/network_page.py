"""docs/network.md from the map of the network: sizes, defaults, and why frames are dropped."""

from pathlib import Path

from consilience_hw.spec import network
from consilience_hw.spec.network import NetworkAddress, PacketDrop
from consilience_tools.pages.templates import rendered
from docs.link_page import member_docs, table

__all__ = ["render"]

TEMPLATE = Path(__file__).with_name("network.md.j2")


def render() -> str:
    """Return the page as Markdown."""
    docs = dict(member_docs("PacketDrop", network))
    rows = [
        (str(int(reason)), reason.name, docs[reason.name], reason.counter.name)
        for reason in PacketDrop
    ]
    address = NetworkAddress()
    return rendered(
        TEMPLATE,
        drops=table(("number", "reason", "meaning", "counter of STATUS"), rows),
        ip=address.ip,
        port=f"{address.port}",
        mac=address.mac,
        smallest=network.SMALLEST_FRAME,
        largest=network.LARGEST_FRAME,
        datagram=f"{network.LARGEST_DATAGRAM:,}",
        gap=network.GAP_BYTES,
    )
