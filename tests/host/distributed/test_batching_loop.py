"""Messages gather for a while, and one turn takes them all."""

import asyncio
import socket
import threading
import time
from itertools import pairwise

from consilience.distributed.batching_loop import BatchingLoop


def test_what_comes_after_a_silence_is_taken_at_once_and_what_follows_in_one_turn():
    def send(writer):
        for _ in range(6):
            writer.send(b"x")
            time.sleep(0.02)

    async def take():
        loop, reader, turns = asyncio.get_running_loop(), one, []
        await asyncio.sleep(0.3)
        loop.add_reader(reader, lambda: turns.append((len(reader.recv(100)), time.monotonic())))
        thread = threading.Thread(target=send, args=(other,))
        thread.start()
        await asyncio.sleep(0.6)
        thread.join()
        loop.remove_reader(reader)
        return turns

    one, other = socket.socketpair()
    with one, other, asyncio.Runner(loop_factory=lambda: BatchingLoop(0.25)) as runner:
        turns = runner.run(take())
    counts, moments = zip(*turns, strict=True)
    assert sum(counts) == 6 and counts[0] < 6 and len(counts) <= 3
    assert all(later - one >= 0.24 for one, later in pairwise(moments))


def test_what_is_ready_at_once_does_not_wait():
    async def spin():
        begun = time.monotonic()
        for _ in range(50):
            await asyncio.sleep(0)
        return time.monotonic() - begun

    with asyncio.Runner(loop_factory=lambda: BatchingLoop(0.25)) as runner:
        assert runner.run(spin()) < 0.25


def test_who_is_busy_does_not_wait_for_what_comes_in():
    """Bytes are there in each of 20 turns, and so is other work: no turn is put off."""

    async def spin():
        loop, begun = asyncio.get_running_loop(), time.monotonic()
        loop.add_reader(one, lambda: one.recv(1))
        for _ in range(20):
            await asyncio.sleep(0)
        loop.remove_reader(one)
        return time.monotonic() - begun

    one, other = socket.socketpair()
    with one, other, asyncio.Runner(loop_factory=lambda: BatchingLoop(0.25)) as runner:
        other.send(bytes(30))
        assert runner.run(spin()) < 0.25
