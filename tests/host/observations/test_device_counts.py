"""The counters of a device, from a socket that plays it."""

import socket
import threading

from consilience.observations.device_counts import device_counts
from consilience_hw.spec.observations import COUNTS_REQUEST, ObservationCount


def test_the_counters_come_in_their_order():
    values = {one: (one + 1) << 56 | 7 * one for one in ObservationCount}
    words = b"".join(value.to_bytes(8, "little") for value in values.values())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        device.bind(("127.0.0.1", 0))
        device.settimeout(5)

        def answer():
            for _ in range(2):  # The first request is lost.
                data, host = device.recvfrom(100)
                assert data == COUNTS_REQUEST
            device.sendto(COUNTS_REQUEST + words[:-1], host)
            device.sendto(COUNTS_REQUEST + words, host)

        thread = threading.Thread(target=answer)
        thread.start()
        where = f"udp://127.0.0.1:{device.getsockname()[1]}?timeout=0.2"
        assert device_counts(where) == values
        thread.join()
