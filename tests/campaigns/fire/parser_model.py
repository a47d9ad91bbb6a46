"""What must become of link bytes: the judge of every parser."""

from consilience_sim.testing.link_oracle import WrongFraming, cobs_decode, sealed

__all__ = ["ParserModel"]


class ParserModel:
    """Bytes to the contents of good frames, and how many others there were.

    Parameters
    ----------
    header_bytes : int
        Of the smallest payload.
    largest_payload : int
        Bytes.

    Attributes
    ----------
    bad_framing, bad_crc, gaps : int
        Frames dropped: broken, too short, too long or not of whole words; with a wrong CRC; by
        silence.
    """

    def __init__(self, header_bytes: int, largest_payload: int) -> None:
        self._sizes = range(2 + header_bytes, 2 + largest_payload + 1, 4)
        self._begun = bytearray()
        self._deaf = False
        self.bad_framing = self.bad_crc = self.gaps = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Return type, sequence and payload of each good frame that `data` ends."""
        good = []
        first, *rest = data.split(b"\0")
        self._begun += first
        for part in rest:
            if self._deaf:
                self._deaf = False
            elif self._begun and (content := self._judge(bytes(self._begun))) is not None:
                good.append(content)
            self._begun = bytearray(part)
        return good

    def forget(self) -> None:
        """Begin anew in mid-frame, as a host that opens a session, or a device that is reset."""
        self._begun.clear()
        self._deaf = False

    def silence(self) -> None:
        """Take a gap as a UART PHY reports it: the frame that has begun is lost to its end."""
        if self._begun and not self._deaf:
            self.gaps += 1
            self._deaf = True

    def _judge(self, encoded: bytes) -> bytes | None:
        try:
            checked = cobs_decode(encoded)
        except WrongFraming:
            checked = b""
        content = checked[:-4]
        if len(content) not in self._sizes:
            self.bad_framing += 1
            return None
        if checked != sealed(content):
            self.bad_crc += 1
            return None
        return content
