"""What a monitor on a network has counted: taken, skipped, dropped."""

from consilience.devices.udp import DatagramAddress, network_socket
from consilience.observations.asking import answer_to
from consilience_hw.spec.observations import COUNTER_BITS, COUNTS_REQUEST, ObservationCount

__all__ = ["device_counts"]

_BYTES = COUNTER_BITS // 8


def device_counts(url: str) -> dict[ObservationCount, int]:
    """Return the counters of a device since its reset.

    Each is right in some cycle while the device answers, not all in the same. The device takes no
    observation meanwhile, and answers behind the alarms that wait.

    Parameters
    ----------
    url : str
        ``udp://HOST``, ``udp://HOST:PORT``, with ``?timeout=SECONDS&retries=NUMBER``.

    Raises
    ------
    BadInput
        The URL is none of a device on a network.
    NoDevice
        Nothing answers.
    """
    address = DatagramAddress.of(url)
    size = len(COUNTS_REQUEST) + _BYTES * len(ObservationCount)
    with network_socket(address) as connected:
        data = answer_to(connected, address, COUNTS_REQUEST, size, lambda _: None)
    words = data[len(COUNTS_REQUEST) :]
    return {
        one: int.from_bytes(words[_BYTES * one : _BYTES * (one + 1)], "little")
        for one in ObservationCount
    }
