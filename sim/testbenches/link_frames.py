"""Bytes of a device under test to frames."""

from collections.abc import Callable

from checker import CheckFailed
from stream_monitor import Transfer

from consilience_sim.testing.link_oracle import Frame, WrongCrc, WrongFraming, frame_of

__all__ = ["FrameParser"]


class FrameParser:
    """Bytes from a device to frames; any frame that is not whole fails the test.

    Parameters
    ----------
    observe : callable
        Called with each `Frame`.
    """

    def __init__(self, observe: Callable[[Frame], None]) -> None:
        self._observe = observe
        self._bytes = bytearray()

    def reset(self) -> None:
        """Forget a frame that a reset has cut off."""
        self._bytes.clear()

    @property
    def inside(self) -> bool:
        """Whether a frame has begun."""
        return bool(self._bytes)

    def take(self, transfer: Transfer) -> None:
        """Take the next byte.

        Raises
        ------
        CheckFailed
            The frame that it ends is broken.
        """
        if transfer.payload:
            self._bytes.append(transfer.payload)
            return
        encoded = bytes(self._bytes)
        self._bytes.clear()
        try:
            frame = frame_of(encoded)
        except (WrongFraming, WrongCrc) as error:
            raise CheckFailed(f"a broken frame of the device: {error}: {encoded.hex()}") from None
        if len(frame.payload) % 4:
            raise CheckFailed(f"a frame of the device has no whole words: {encoded.hex()}")
        self._observe(frame)
