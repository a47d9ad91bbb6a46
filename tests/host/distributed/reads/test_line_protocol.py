"""Lines in, lines out: in order, one at a time, for clients that wait, leave or never read."""

import asyncio
import socket
from functools import partial

import pytest
import uvloop

from consilience.distributed.reads.line_protocol import LineProtocol

ENOUGH = 1 << 22


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def answered(request):
    """Run a coroutine that gets a client's end of a connection; return what it returns."""

    def of_client(client, answer):
        async def run():
            ours, theirs = socket.socketpair()
            loop = asyncio.get_running_loop()
            ending, _ = await loop.create_connection(partial(LineProtocol, answer), sock=ours)
            reader, writer = await asyncio.open_connection(sock=theirs)
            try:
                return await asyncio.wait_for(client(reader, writer), 30)
            finally:
                for transport in ending, writer.transport:
                    transport.abort()
                await asyncio.sleep(0)

        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(run())

    return of_client


def test_answers_keep_their_order_though_one_is_awaited(answered):
    asked = []

    async def later(line):
        await asyncio.sleep(0.05)
        assert asked[-1] == line  # nothing else was begun meanwhile
        return b"late " + line

    def answer(line):
        asked.append(line)
        return later(line) if line.startswith(b"w") else line

    async def client(reader, writer):
        writer.write(b"a\nw1\nb\nw")
        await writer.drain()
        first = await reader.readline()
        writer.write(b"2\nlast, without an end")
        writer.write_eof()
        return first + await reader.read()

    told = answered(client, answer)
    assert told == b"a\nlate w1\nb\nlate w2\nlast, without an end\n"


def test_a_line_without_an_end_is_not_answered(answered):
    async def client(reader, writer):
        writer.write(b"x" * ((1 << 16) + 1))
        return await reader.read()

    assert answered(client, lambda line: line) == b""


def test_a_client_that_does_not_read_is_not_answered_for_ever(answered):
    count = 0

    def answer(_):
        nonlocal count
        count += 1
        return b"y" * 4096

    async def client(reader, writer):
        sent = ENOUGH // 2
        writer.write(b"\n" * sent)
        await asyncio.sleep(0.2)
        stuck = count
        assert 0 < stuck < sent
        writer.write_eof()
        total = 0
        while block := await reader.read(1 << 20):
            total += len(block)
            if total > 1 << 26:
                break
        assert count > stuck  # it went on as the client read
        return stuck

    assert answered(client, answer) * 4096 < ENOUGH


def test_an_answer_that_is_given_up_ends_the_connection(answered):
    async def never(_):
        raise asyncio.CancelledError

    async def client(reader, writer):
        writer.write(b"w\nb\n")
        try:
            return await reader.read()
        except ConnectionError:
            return b""

    assert answered(client, never) == b""
