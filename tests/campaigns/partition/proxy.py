"""A proxy between a site's nodes and their server: repeats, delays and reorders whole messages.

It reads the text protocol of NATS: ``MSG`` and ``PUB`` lines announce so many bytes; everything
else is one line. Messages are what is disturbed, pings and handshakes pass at once.
"""

import asyncio
import contextlib
import os
import random

__all__ = ["disturbed", "run_proxy", "units"]

_LATEST_S = 1.5
_REPEATED, _DELAYED = 0.3, 0.4


def run_proxy(address: str, server: str, port: int, orders: int, seed: int, slower: int) -> None:
    """Pass on what comes to `address`, until killed; ``1`` in `orders` disturbs, ``0`` ends it.

    Messages are up to 1.5 s late, times `slower`.
    """
    asyncio.run(_Proxy(server, port, random.Random(seed), slower).run(address, orders))


def units(data: bytearray) -> list[tuple[bytes, bool]]:
    """Take the whole units off the front of `data`; return each and whether it is a message."""
    found = []
    while (end := data.find(b"\r\n")) >= 0:
        words = bytes(data[:end]).split()
        is_message = bool(words) and words[0] in (b"MSG", b"PUB")
        length = end + 2 + (int(words[-1]) + 2 if is_message else 0)
        if len(data) < length:
            break
        found.append((bytes(data[:length]), is_message))
        del data[:length]
    return found


def disturbed(chance: random.Random) -> list[float]:
    """Return after how many seconds a message is passed on: once or twice, late or at once."""
    delays = [chance.uniform(0, _LATEST_S) if chance.random() < _DELAYED else 0.0]
    if chance.random() < _REPEATED:
        delays.append(chance.uniform(0, _LATEST_S))
    return delays


class _Proxy:
    def __init__(self, server: str, port: int, chance: random.Random, slower: int) -> None:
        self._server, self._port, self._chance, self._slower = server, port, chance, slower
        self._on = False

    async def run(self, address: str, orders: int) -> None:
        def obey() -> None:
            self._on = os.read(orders, 100)[-1:] == b"1"

        asyncio.get_running_loop().add_reader(orders, obey)
        server = await asyncio.start_server(self._serve, address, self._port)
        async with server:
            await server.serve_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner, outer = await asyncio.open_connection(self._server, self._port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._pass(reader, outer), self._pass(inner, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop, data = asyncio.get_running_loop(), bytearray()

        def send(unit: bytes) -> None:
            if not writer.is_closing():
                writer.write(unit)

        with contextlib.suppress(OSError):
            while more := await reader.read(1 << 16):
                data.extend(more)
                for unit, is_message in units(data):
                    if not (self._on and is_message):
                        send(unit)
                        continue
                    for delay in disturbed(self._chance):
                        loop.call_later(self._slower * delay, send, unit)
        writer.close()
