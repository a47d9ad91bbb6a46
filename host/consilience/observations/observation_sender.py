"""Observations of agents to a monitor on a network."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience.devices.udp import DatagramAddress, network_socket
from consilience.errors import BadInput, LinkError
from consilience.numbers.arrays import plain_array
from consilience.observations.agent_numbers import AgentNumbers
from consilience_hw.spec.network import LARGEST_DATAGRAM
from consilience_hw.spec.observations import OBSERVATION_BYTES

__all__ = ["MOST_OBSERVATIONS", "PROMPT", "ObservationSender"]

MOST_OBSERVATIONS = LARGEST_DATAGRAM // OBSERVATION_BYTES
"""That a datagram holds."""

PROMPT = 151
"""As many as are read in 2 us at 125 MHz, the last one's alarm included."""

_ROW = np.dtype([("agent", "<u4"), ("bin", "<u2"), ("sequence", "<u2")])


class ObservationSender:
    """Numbers observations and sends them, each once; nothing answers.

    A datagram that gets lost is lost: the device counts its observations as missing, and tells who
    asks (`device_counts.device_counts`). Send no faster than it takes them (docs/network.md), which
    for agents that differ is line rate.

    The device remembers each agent's highest number, also when a sender ends: one that begins its
    numbers anew is not heard until they are above those. Begin with the `numbers` that the sender
    before has left, or let the device begin anew.

    Parameters
    ----------
    url : str
        ``udp://HOST``, ``udp://HOST:PORT``.
    agents, bins : int
        Of the device, which skips others.
    numbers : uint16 array_like, shape (agents,), optional
        The number that each agent's next observation gets; default 0.
    most : int
        Observations a datagram; the default is the largest whose alarm leaves in 2 us at 125 MHz.

    Attributes
    ----------
    datagrams, observations : int
        Sent.

    Raises
    ------
    BadInput
        What is given cannot be.
    NoDevice
        No network leads there.
    """

    def __init__(
        self,
        url: str,
        agents: int,
        bins: int,
        numbers: ArrayLike | None = None,
        most: int = PROMPT,
    ) -> None:
        if not 1 <= agents <= 1 << 32 or not 1 <= bins <= 1 << 16:
            raise BadInput(f"{agents} agents and {bins} bins: 1 or more, up to 2**32 and 65,536")
        if not 1 <= most <= MOST_OBSERVATIONS:
            raise BadInput(f"most {most}: a datagram holds 1 to {MOST_OBSERVATIONS} observations")
        self._bins, self._most = bins, most
        self._numbers = AgentNumbers(_following(numbers, agents))
        self._where = url
        self._socket = network_socket(DatagramAddress.of(url))
        self.datagrams = self.observations = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def numbers(self) -> NDArray[np.uint16]:
        """The number that each agent's next observation gets, shape (agents,); a copy."""
        return self._numbers.following.copy()

    def send(self, agents: ArrayLike, bins: ArrayLike) -> int:
        """Send observations, in order; return how many datagrams they took.

        Parameters
        ----------
        agents, bins : integers, shape (n,) or ()

        Raises
        ------
        BadInput
            Shapes that do not fit, an agent or a bin that does not exist; nothing was sent.
        LinkError
            The network refuses; the message says how many observations went, and the numbers of
            the rest are passed over.
        """
        who = _integers(agents, "agents", len(self._numbers.following))
        places = _integers(bins, "bins", self._bins)
        if len(who) != len(places):
            raise BadInput(f"{len(who)} agents for {len(places)} bins")
        rows = np.empty(len(who), _ROW)
        rows["agent"], rows["bin"], rows["sequence"] = who, places, self._numbers.of(who)
        for first in range(0, len(rows), self._most):
            part = rows[first : first + self._most]
            try:
                self._socket.send(part.tobytes())
            except OSError as error:
                raise LinkError(
                    f"{self._where}: {error.strerror or error}, after {first} of {len(rows)} "
                    "observations; check that the device is there and its address is right"
                ) from error
            self.datagrams += 1
            self.observations += len(part)
        return -(-len(rows) // self._most)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def _following(numbers: ArrayLike | None, agents: int) -> NDArray[np.uint16]:
    if numbers is None:
        return np.zeros(agents, np.uint16)
    values = _integers(numbers, "numbers", 1 << 16)
    if len(values) != agents:
        raise BadInput(f"{len(values)} numbers for {agents} agents")
    return values.astype(np.uint16)


def _integers(values: ArrayLike, name: str, end: int) -> NDArray[np.int64]:
    """Return integers of 0 to `end` - 1, shape (n,)."""
    whole = np.atleast_1d(plain_array(values, name))
    if whole.size and (whole.dtype.kind not in "iu" or whole.ndim != 1):
        raise BadInput(f"{name} must be integers of shape (n,), not {whole.dtype} {whole.shape}")
    if ((whole < 0) | (whole >= end)).any():
        raise BadInput(f"{name}: one is none of 0 .. {end - 1}")
    return whole.astype(np.int64)
