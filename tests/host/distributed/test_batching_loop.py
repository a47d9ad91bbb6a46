"""Messages gather for a while, and one turn takes them all."""

import asyncio
import socket
import threading
import time

from consilience.distributed.batching_loop import BatchingLoop


def test_what_comes_within_the_pause_is_taken_in_one_turn():
    def send(writer):
        for _ in range(5):
            writer.send(b"x")
            time.sleep(0.02)

    async def take():
        loop, reader, turns = asyncio.get_running_loop(), one, []
        loop.add_reader(reader, lambda: turns.append(len(reader.recv(100))))
        thread = threading.Thread(target=send, args=(other,))
        thread.start()
        await asyncio.sleep(0.6)
        thread.join()
        loop.remove_reader(reader)
        return turns

    one, other = socket.socketpair()
    with one, other, asyncio.Runner(loop_factory=lambda: BatchingLoop(0.25)) as runner:
        turns = runner.run(take())
    assert sum(turns) == 5 and len(turns) <= 2


def test_what_is_ready_at_once_does_not_wait():
    async def spin():
        begun = time.monotonic()
        for _ in range(50):
            await asyncio.sleep(0)
        return time.monotonic() - begun

    with asyncio.Runner(loop_factory=lambda: BatchingLoop(0.25)) as runner:
        assert runner.run(spin()) < 0.25
