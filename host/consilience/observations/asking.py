"""A request to a monitor on a network, repeated until its answer comes."""

import socket
import time
from collections.abc import Callable

from consilience.devices.udp import DatagramAddress
from consilience.errors import NoDevice

__all__ = ["answer_to", "next_datagram"]

_LARGEST = 1 << 16


def answer_to(
    connected: socket.socket,
    address: DatagramAddress,
    request: bytes,
    size: int,
    other: Callable[[bytes], None],
) -> bytes:
    """Return the answer to a request: the first datagram of `size` bytes that begins like it.

    Parameters
    ----------
    connected : socket.socket
    address : DatagramAddress
        How often, and after how long a silence, the request is repeated.
    request : bytes
    size : int
    other : callable
        Gets what else comes meanwhile.

    Raises
    ------
    NoDevice
        Nothing answers.
    """
    why = "no answer"
    for _ in range(1 + address.retries):
        try:
            connected.send(request)
        except OSError as error:
            why = error.strerror or str(error)
        deadline = time.monotonic() + address.reply_timeout
        while (left := deadline - time.monotonic()) > 0:
            try:
                data = next_datagram(connected, left)
            except OSError as error:
                why = error.strerror or str(error)
                # A refusal comes at once; a device that starts may need the time.
                time.sleep(max(deadline - time.monotonic(), 0.0))
                continue
            if data is not None and data.startswith(request) and len(data) == size:
                return data
            if data is not None:
                other(data)
    raise NoDevice(
        f"udp://{address.host}:{address.port}: {why}, {1 + address.retries} times; check that "
        "it is a monitor on a network, its power and cable, its address and port, or give it "
        f"more time with ?timeout={10 * address.reply_timeout:g}"
    )


def next_datagram(connected: socket.socket, seconds: float) -> bytes | None:
    """Return the next datagram, waiting at most so long, or None; OSError if the network fails."""
    connected.settimeout(seconds)
    try:
        return connected.recv(_LARGEST)
    except (TimeoutError, BlockingIOError):
        return None
