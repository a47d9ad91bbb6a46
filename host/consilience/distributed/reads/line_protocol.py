"""Lines in, lines out, over one connection: what is asked is answered where it arrives.

An asyncio stream wakes a task for every line, which costs a read more than its answer is worth.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

__all__ = ["LineProtocol"]

_LONGEST_LINE = 1 << 16


class LineProtocol(asyncio.Protocol):
    """Answers each line of a connection with a line, in order.

    While an answer is awaited, or the client does not take its answers, nothing more is read. A
    client whose line has no end within 64 KiB is not answered.

    Parameters
    ----------
    answer : callable
        Gives the answer to a line, neither with its newline, or what to await for it. Never raises.
    """

    def __init__(self, answer: Callable[[bytes], bytes | Awaitable[bytes]]) -> None:
        self._answer = answer
        self._lines: deque[bytes] = deque()
        self._rest = b""
        self._waiting: asyncio.Future[bytes] | None = None
        self._full = self._ended = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin. A transport of uvloop need be none of asyncio's, though it does the same."""
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """End: what is awaited goes on, its answer is dropped."""
        self._lines.clear()

    def data_received(self, data: bytes) -> None:
        """Answer the lines that are whole."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._lines.extend(lines)
        self._go_on()

    def eof_received(self) -> bool:
        """Answer what has come; the last line needs no newline. Leave when all is answered."""
        if self._rest:
            self._lines.append(self._rest)
        self._rest, self._ended = b"", True
        self._go_on()
        return True

    def pause_writing(self) -> None:
        """Take no more lines: the client does not take its answers."""
        self._full = True
        self._go_on()

    def resume_writing(self) -> None:
        """Take lines again."""
        self._full = False
        self._go_on()

    def _go_on(self) -> None:
        while not self._full and self._waiting is None and self._lines:
            answer = self._answer(self._lines.popleft())
            if isinstance(answer, bytes):
                self._write(answer)
            else:
                self._waiting = asyncio.ensure_future(answer)
                self._waiting.add_done_callback(self._write_late)
        if self._transport.is_closing():
            return
        if self._full or self._waiting is not None:
            self._transport.pause_reading()
        elif self._ended or len(self._rest) > _LONGEST_LINE:
            self._transport.close()
        else:
            self._transport.resume_reading()

    def _write_late(self, answer: "asyncio.Future[bytes]") -> None:
        self._waiting = None
        if answer.cancelled():
            self._transport.abort()
            return
        self._write(answer.result())
        self._go_on()

    def _write(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer + b"\n")
