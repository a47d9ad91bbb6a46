"""What passed the line, counted by a model of each end, against what both ends count."""

from collections.abc import Mapping

from consilience_hw.spec.link_map import REPLY, REPLY_WORDS, REQUEST_WORDS, FrameType
from tests.campaigns.fire.parser_model import ParserModel

__all__ = ["Ledger"]

_REQUEST_BYTES = 4 * REQUEST_WORDS
_REPLY_BYTES = 4 * REPLY_WORDS
_LARGEST_REPLY = 1408


class Ledger:
    """Bytes as they arrive at either end, and the replies as they leave the device.

    Parameters
    ----------
    largest_payload : int
        Of the device.
    merges : bool
        A request that is repeated while the reply to it still waits to be sent gets no second one.
    """

    def __init__(self, largest_payload: int, *, merges: bool) -> None:
        self._largest = largest_payload
        self._merges = merges
        self.new_host()
        self.reset()

    def new_host(self) -> None:
        """Another session object counts from zero."""
        self._host = ParserModel(_REPLY_BYTES, _LARGEST_REPLY)

    def reset(self) -> None:
        """The device forgets and counts from zero."""
        self._device = ParserModel(_REQUEST_BYTES, self._largest)
        self._requests = self._bad_nonce = self._replies = 0
        self.nonce: bytes | None = None
        self._answered: set[bytes] = set()
        self._hello, self._hellos = b"", 0

    def to_device(self, data: bytes) -> None:
        """Note bytes that arrive at the device."""
        for content in self._device.feed(data):
            self._requests += 1
            hello_or_echo = content[0] == FrameType.HELLO or content[0] & REPLY
            self._bad_nonce += not hello_or_echo and content[2:6] != self.nonce

    def from_device(self, frame: bytes) -> None:
        """Note a reply as it leaves the device."""
        (content,) = ParserModel(_REPLY_BYTES, _LARGEST_REPLY).feed(frame)
        self._replies += 1
        # Nonce, operation and fragment: a request executed twice is answered twice with these.
        answered = content[:1] + content[2:14]
        if content[0] == FrameType.HELLO | REPLY:
            self.nonce = content[2:6]
            # Any but the last one's repetition opens a session, in which old requests are new.
            self._hellos += answered != self._hello
            self._hello = answered
        self._answered.add(answered + self._hellos.to_bytes(4, "little"))

    def to_host(self, data: bytes) -> None:
        """Note bytes that arrive at the host."""
        self._host.feed(data)

    def host_begins(self) -> None:
        """Note that the host forgets a frame that has begun."""
        self._host.forget()

    def complaint_of_host(self, counters: Mapping[str, int]) -> str | None:
        """Return what is wrong with the host's counters, or None."""
        expected = {"bad_framing": self._host.bad_framing, "bad_crc": self._host.bad_crc}
        return _differences(expected, counters)

    def complaint_of_device(self, counters: Mapping[str, int]) -> str | None:
        """Return what is wrong with the counters that the last reply told, or None.

        They tell of everything before the request that asks for them.
        """
        executed = counters["frames"]
        answered = executed + counters["repeated"]
        dropped = sum(counters[f"bad_{what}"] for what in ("nonce", "sequence", "operation"))
        expected = {
            "bad_framing": self._device.bad_framing,
            "bad_crc": self._device.bad_crc,
            "bad_nonce": self._bad_nonce,
            "gaps": 0,
            "frames": len(self._answered) - 1,
            "frames + repeated": self._replies - 1,
            "executed, repeated or dropped": self._requests - 1,
        }
        if self._merges and answered > self._replies - 1:
            del expected["frames + repeated"]
        told = {
            **counters,
            "frames + repeated": answered,
            "executed, repeated or dropped": answered + dropped,
        }
        return _differences(expected, told)


def _differences(expected: Mapping[str, int], told: Mapping[str, int]) -> str | None:
    wrong = [
        f"{name} {told[name]}, not {value}"
        for name, value in expected.items()
        if told[name] != value
    ]
    return "; ".join(wrong) or None
