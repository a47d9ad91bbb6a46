"""Bodies within their limits: read as a whole, unpacked, before a route sees anything of them."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator

from consilience.service.access.limits import Limits
from consilience.service.access.refusal import Header, Receive, Refusal

__all__ = ["Gone", "Held", "has_body", "read_body"]

_PIECE = 1 << 18
"""Bytes unpacked at a time; other requests are served in between."""

_MOST_MEMBERS = 1000
"""Of one gzip body: empty ones take time and unpack to nothing."""


class Gone(Exception):
    """The client left before its body had come."""


class Held:
    """Counts the bytes of bodies at hand; a refusal where all together are too many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.bytes = 0

    def take(self, count: int) -> None:
        """Count `count` bytes more."""
        if self.bytes + count > self._most:
            raise Refusal.too_many(503, "too many bodies are at hand; send it again later", 1)
        self.bytes += count

    def give_back(self, count: int) -> None:
        """Count `count` bytes less."""
        self.bytes -= count


def has_body(headers: list[Header]) -> bool:
    """Return whether a request announces a body."""
    return any(
        (name == b"content-length" and value.strip() != b"0") or name == b"transfer-encoding"
        for name, value in headers
    )


async def read_body(receive: Receive, headers: list[Header], limits: Limits, held: Held) -> bytes:
    """Return the body of a request, unpacked; its bytes are counted in `held`.

    Raises
    ------
    Refusal
        Too long (413), packed in a way that is not known (415), damaged (400), too slow (408).
    Gone
    """
    encoding = _encoding(headers)
    for name, value in headers:
        if name == b"content-length" and (len(value) > 18 or int(value) > limits.body_bytes):
            raise _too_long(limits)
    taken = 0
    parts: list[bytes] = []
    try:
        async with asyncio.timeout(limits.body_s):
            async for part in _unpacked(_packed(receive, limits), encoding, limits):
                held.take(len(part))
                taken += len(part)
                parts.append(part)
    except BaseException as error:
        held.give_back(taken)
        if isinstance(error, TimeoutError):
            raise _too_slow(limits.body_s) from None
        raise
    return b"".join(parts)


def _encoding(headers: list[Header]) -> str:
    named = b",".join(value for name, value in headers if name == b"content-encoding")
    encoding = named.decode("latin-1").strip().lower()
    if encoding in ("", "identity"):
        return ""
    if encoding in ("gzip", "x-gzip", "deflate"):
        return encoding
    raise Refusal(
        415,
        "bodies are taken as they are, or packed once by gzip or deflate; change Content-Encoding",
        (b"accept-encoding", b"gzip, deflate"),
    )


async def _packed(receive: Receive, limits: Limits) -> AsyncIterator[bytes]:
    """Yield the parts of a body as they come."""
    count, more = 0, True
    while more:
        try:
            async with asyncio.timeout(limits.idle_s):
                message = await receive()
        except TimeoutError:
            raise _too_slow(limits.idle_s) from None
        if message["type"] != "http.request":
            raise Gone
        part, more = message.get("body", b""), message.get("more_body", False)
        count += len(part)
        if count > limits.body_bytes:
            raise _too_long(limits)
        if part:
            yield part


async def _unpacked(
    parts: AsyncIterator[bytes], encoding: str, limits: Limits
) -> AsyncIterator[bytes]:
    """Yield the parts of a body after its encoding; no more is ever unpacked than the limit."""
    if not encoding:
        async for part in parts:
            yield part
        return
    unpacker, count = _Unpacker(encoding), 0
    async for part in parts:
        for piece in unpacker.take(part):
            count += len(piece)
            if count > limits.unpacked_bytes:
                raise Refusal(
                    413,
                    f"the body is above {limits.unpacked_bytes} bytes when unpacked; send it in "
                    "several requests",
                )
            yield piece
            await asyncio.sleep(0)
    unpacker.end()


class _Unpacker:
    """Gzip, also of several members, or deflate, with zlib's header or without."""

    def __init__(self, encoding: str) -> None:
        self._is_gzip = encoding != "deflate"
        self._inner = zlib.decompressobj(31) if self._is_gzip else None
        self._members = 1
        self._first = b""

    def take(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` completes, at most `_PIECE` bytes at a time."""
        if self._inner is None:
            self._first += data
            if len(self._first) < 2:
                return
            data, self._first = self._first, b""
            wrapped = data[0] & 15 == 8 and int.from_bytes(data[:2], "big") % 31 == 0
            self._inner = zlib.decompressobj(15 if wrapped else -15)
        while data:
            if self._inner.eof:
                if not self._is_gzip:
                    raise _damaged("bytes follow its end")
                self._members += 1
                if self._members > _MOST_MEMBERS:
                    raise _damaged(f"it has more than {_MOST_MEMBERS} members")
                self._inner = zlib.decompressobj(31)
            yield from self._pieces(data)
            data = self._inner.unused_data

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` completes of one member."""
        assert self._inner is not None
        try:
            while piece := self._inner.decompress(data, _PIECE):
                yield piece
                data = self._inner.unconsumed_tail
        except zlib.error:
            raise _damaged("it is damaged, or not of this encoding") from None

    def end(self) -> None:
        """Refuse a body that ends before it is complete."""
        if self._inner is None or not self._inner.eof:
            raise _damaged("it ends early")


def _too_long(limits: Limits) -> Refusal:
    return Refusal(
        413,
        f"the body is above {limits.body_bytes} bytes; send it in several requests, or packed "
        "(Content-Encoding: gzip)",
    )


def _too_slow(seconds: float) -> Refusal:
    return Refusal(408, f"the body did not come within {seconds:g} s; send it at once")


def _damaged(how: str) -> Refusal:
    return Refusal(400, f"the body cannot be unpacked: {how}; check Content-Encoding")
