"""docs/network.md from the maps of network and observations: sizes, defaults, what is counted."""

from pathlib import Path

from consilience_hw.spec import network, observations
from consilience_hw.spec.network import NetworkAddress, PacketDrop
from consilience_hw.spec.observations import ObservationCount
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
    counted = [(name, text) for name, text in member_docs("ObservationCount", observations)]
    assert [name for name, _ in counted] == [one.name for one in ObservationCount]
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
        observation_bytes=observations.OBSERVATION_BYTES,
        most_observations=network.LARGEST_DATAGRAM // observations.OBSERVATION_BYTES,
        alarm_bytes=observations.ALARM_BYTES,
        registration=observations.REGISTRATION.decode(),
        counts_request=observations.COUNTS_REQUEST.decode(),
        window=f"{observations.SEQUENCE_WINDOW:,}",
        counter_bits=observations.COUNTER_BITS,
        counts=table(("counter", "of what"), counted),
    )
