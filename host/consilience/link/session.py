"""The host driver: messages to a device, each with the right answer or an error."""

import secrets
import struct
from collections.abc import Callable
from threading import RLock

from consilience.errors import ConsilienceError, LinkError, NoDevice
from consilience.link.exchange import Exchange, NoReply
from consilience.link.identity import Identity, parse_hello
from consilience.link.operation import Damaged, Operation, Refused, fragments
from consilience.link.reset_probe import DeviceReset, ResetProbe
from consilience.link.transport import Transport, TransportClosed
from consilience.turns import in_turn
from consilience_hw.spec.link_map import Counter, FrameType, data_limit

__all__ = ["LARGEST_MESSAGE", "LinkSession"]

LARGEST_MESSAGE = (1 << 32) - 8
"""Bytes of a message without its CRC, whose total length is a multiple of 4 and a u32."""

_OPENING_RETRIES = 3
"""Retries of the first HELLO: fewer than of others, as there may be no device."""

_RESETS = 3
"""Resets of the device in one call, after each of which the call begins anew."""


class LinkSession:
    """A session with one device over a transport.

    Every call gives the right answer or raises (residue: 2**-32 per damaged frame), and the
    session stays usable: after an error or an interruption the next call opens it anew with a
    HELLO of its own, which nothing of the calls before can disturb. A call that a reset of the
    device interrupts begins anew: a message has the same answer whenever it is executed, and a
    device keeps nothing of one. Threads that share it take turns; `close` waits for none.

    Parameters
    ----------
    transport : Transport
        Owned: `close` closes it.
    url : str
        The device, for messages.
    retries : int, optional
        Instead of the transport's own.
    random_bits : callable
        ``random_bits(k)`` gives a number of k bits; it distinguishes a new session from old ones.
    """

    def __init__(
        self,
        transport: Transport,
        url: str,
        *,
        retries: int | None = None,
        random_bits: Callable[[int], int] = secrets.randbits,
    ) -> None:
        self.url = url
        self.transport = transport
        self._turns = RLock()
        self._exchange = Exchange(transport)
        self._retries = transport.retries if retries is None else retries
        self._random_bits = random_bits
        self._identity: Identity | None = None
        self._probe: ResetProbe | None = None
        self._is_open = False
        self._sessions = 0
        self._nonce = 0
        self._hello = 0, 0  # operation id and sequence number of the last HELLO
        self._sequence = 0
        self._number = 0  # of the last operation

    @property
    @in_turn
    def identity(self) -> Identity:
        """Identity of the device; opens the session if it was never open."""
        return self.open() if self._identity is None else self._identity

    @property
    def counters(self) -> dict[str, int]:
        """Counters of this side of the link: `Exchange.counters`, and sessions opened."""
        return {"sessions": self._sessions} | self._exchange.counters

    @in_turn
    def open(self) -> Identity:
        """Open a session, also where one is open.

        Raises
        ------
        NoDevice
            Nobody answers, or no device of this project.
        AbiMismatch
            Host and device are of different versions.
        LinkError
            A device that once answered does so no more, or is another one now.

        Warns
        -----
        BuildWarning
            The device was built from other sources; once per `LinkSession`.
        """
        self._is_open = False
        # Any but the last HELLO's: the device would take it for a repetition.
        number = (self._number + 1 + self._random_bits(31)) & 0xFFFF_FFFF
        hello = Operation(FrameType.HELLO, number, None, self._random_bits(8))
        first = self._identity is None
        self._number = number
        try:
            self._exchange.resynchronise()
            reply = self._exchange.run(hello, _OPENING_RETRIES if first else self._retries)
        except (NoReply, Refused, Damaged) as error:
            if not first:
                raise self._failure(str(error)) from error
            raise NoDevice(f"{self.url}: no device answers there; {self.transport.cure}") from error
        except TransportClosed as error:
            if not first:
                raise self._failure(str(error), "open the device again") from error
            raise NoDevice(
                f"{self.url}: {error} before a device answered: it serves another client, or is "
                f"no consilience device; try again later, or {self.transport.cure}"
            ) from error
        self._hello = number, (hello.next_sequence - 1) & 0xFF
        return self._begin(reply)

    @in_turn
    def execute(self, frame_type: FrameType, message: bytes | memoryview) -> bytes:
        """Send a message and return the bytes of its results.

        Parameters
        ----------
        frame_type : FrameType
            REDUCE or POSTERIOR.
        message : bytes-like
            Whole words, without the CRC that ends it; at most `LARGEST_MESSAGE` bytes.

        Raises
        ------
        LinkError
            Retries are exhausted, or the other end is gone.
        ConsilienceError
            The device refused the message.
        """
        message = memoryview(message)
        if len(message) > LARGEST_MESSAGE or len(message) % 4:
            raise ValueError(f"a message of {len(message)} bytes; whole words, < 4 GiB are needed")
        return self._transact(frame_type, message)

    @in_turn
    def status(self) -> dict[str, int]:
        """Return the device's counters by their names in lower case; all count since its reset.

        Raises
        ------
        LinkError
            Retries are exhausted, or the other end is gone.
        """
        data = self._transact(FrameType.STATUS, None)
        if len(data) != 4 * len(Counter):
            raise self._failure(f"STATUS gave {len(data)} bytes, not {4 * len(Counter)}")
        values = struct.unpack(f"<{len(Counter)}I", data)
        return {counter.name.lower(): value for counter, value in zip(Counter, values, strict=True)}

    def close(self) -> None:
        """Close the transport."""
        self._is_open = False
        self.transport.close()

    def _transact(self, frame_type: FrameType, message: memoryview | None) -> bytes:
        """Run an operation; again if its message or its results came out damaged, or the device
        was reset meanwhile.
        """
        damages = resets = 0
        while True:
            try:
                return self._run(frame_type, message)
            except Damaged as error:
                damages += 1
                if damages > 1:
                    raise self._failure(f"{error}, twice") from error
            except DeviceReset as error:
                self._begin(error.identity)
                resets += 1
                if resets > _RESETS:
                    self._is_open = False  # as after every error
                    raise self._failure(
                        f"the device was reset {resets} times in one call", "check its power"
                    ) from error

    def _begin(self, reply: bytes) -> Identity:
        """Take the reply to HELLO: a session is open, with the device there was before."""
        identity, nonce = parse_hello(reply, self.url)
        if self._identity is None:
            identity.warn_of_other_build(self.url)
            self._identity = identity
        elif identity != self._identity:
            raise self._failure("another device answers there now", "open it again")
        number, sequence = self._hello
        self._sequence = (sequence + 1) & 0xFF
        self._probe = ResetProbe(number, sequence, nonce)
        self._nonce = nonce
        self._sessions += 1
        self._is_open = True
        return identity

    def _run(self, frame_type: FrameType, message: memoryview | None) -> bytes:
        if not self._is_open:
            self.open()
        # Until all of it is answered: whatever ends this call early leaves requests in flight.
        self._is_open = False
        self._number = (self._number + 1) & 0xFFFF_FFFF
        total, parts = 0, iter((b"",))
        if message is not None:
            total, parts = fragments(message, data_limit(self.identity.payload))
        most = self.identity.credits
        operation = Operation(
            frame_type, self._number, self._nonce, self._sequence, total, parts, most
        )
        try:
            result = self._exchange.run(operation, self._retries, self._probe)
        except NoReply as error:
            raise self._failure(str(error)) from error
        except TransportClosed as error:
            raise self._failure(str(error), "open the device again") from error
        except Refused as error:
            raise ConsilienceError(
                f"{self.url}: the device refused a {frame_type.name} message ({error}): host and "
                "device differ; update both to one version"
            ) from error
        self._sequence = operation.next_sequence
        self._is_open = True
        return result

    def _failure(self, cause: str, cure: str = "check the connection and try again") -> LinkError:
        counters = self.counters
        shown = ", ".join(f"{name} {value}" for name, value in counters.items() if value)
        return LinkError(
            f"{self.url}: {cause}, no result was returned; {cure} ({shown or 'nothing sent'})",
            counters,
        )
