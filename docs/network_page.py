"""docs/network.md from the maps of network and observations: sizes, defaults, what is counted."""

from pathlib import Path

from consilience.observations.observation_sender import MOST_OBSERVATIONS, PROMPT
from consilience_hw.spec import network, observations
from consilience_hw.spec.network import NetworkAddress, PacketDrop
from consilience_hw.spec.observations import ObservationCount
from consilience_tools.pages.templates import rendered
from consilience_tools.place_and_route.baseline import read_baseline
from consilience_tools.place_and_route.configurations import OBSERVATIONS, configuration
from docs.link_page import member_docs, table

__all__ = ["alarm_seconds", "render"]

TEMPLATE = Path(__file__).with_name("network.md.j2")
_NETWORK_BYTES, _MONITOR_CYCLES = 32, 67
"""Of an alarm's way, beside a cycle for each observation of the datagram."""


def alarm_seconds(rows: int, clock_hz: float) -> float:
    """Return what an alarm takes: from the last byte of its datagram's frame to its preamble.

    At most, for two components, agents that differ, and a monitor with that clock. Counted at the
    pins by tests/hw/observations.
    """
    return _NETWORK_BYTES / network.NETWORK_CLOCK_HZ + (_MONITOR_CYCLES + rows) / clock_hz


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
    routed = read_baseline()[OBSERVATIONS]
    clocks = (network.NETWORK_CLOCK_HZ, 1e6 * routed["fmax_median_mhz"])
    latencies = [
        (
            str(number),
            f"{_line_rate(number) / 1e6:.2f}",
            *(f"{1e6 * alarm_seconds(number, clock):.2f} us" for clock in clocks),
        )
        for number in (1, 72, PROMPT, MOST_OBSERVATIONS)
    ]
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
        most_observations=MOST_OBSERVATIONS,
        prompt=PROMPT,
        network_bytes=_NETWORK_BYTES,
        monitor_cycles=_MONITOR_CYCLES,
        routed_mhz=f"{routed['fmax_median_mhz']:.1f}",
        seed=configuration(OBSERVATIONS).seeds[0],
        part=routed["part"],
        latencies=table(
            (
                "observations a datagram",
                "millions a second at line rate",
                "alarm after, 125 MHz",
                "as routed",
            ),
            latencies,
        ),
        alarm_bytes=observations.ALARM_BYTES,
        registration=observations.REGISTRATION.decode(),
        counts_request=observations.COUNTS_REQUEST.decode(),
        window=f"{observations.SEQUENCE_WINDOW:,}",
        counter_bits=observations.COUNTER_BITS,
        counts=table(("counter", "of what"), counted),
    )


def _line_rate(rows: int) -> float:
    """Return the observations a second that a line of 1 Gb/s brings in datagrams of so many."""
    data = max(18, rows * observations.OBSERVATION_BYTES)  # the shortest frame has 18 bytes of it
    return rows * network.NETWORK_CLOCK_HZ / (data + 66)
