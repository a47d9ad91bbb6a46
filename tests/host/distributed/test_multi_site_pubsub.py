"""A multi-site transport over NATS servers that come late, go, and come back."""

import asyncio
from types import SimpleNamespace

import pytest

from consilience.distributed.multi_site_pubsub import MultiSitePubsub
from consilience.errors import BadInput
from tests.host.distributed.test_processes import free_port, processes, start_server

__all__ = ["processes"]


async def until(condition, seconds=30):
    for _ in range(seconds * 20):
        if condition():
            return True
        await asyncio.sleep(0.05)
    return False


def test_published_at_all_sites_received_at_home_answered_along_the_way(processes, tmp_path):
    ports = [free_port(), free_port()]
    urls = [f"nats://127.0.0.1:{port}" for port in ports]

    def start(place):
        file = tmp_path / f"{place}.conf"
        file.write_text(f"listen: 127.0.0.1:{ports[place]}\n")
        start_server(processes, file, ports[place])

    async def talk():
        greetings = []

        def greeting(way):
            greetings.append(way)
            return "said.2", b"hello"

        one = MultiSitePubsub(urls)
        two = MultiSitePubsub(urls[::-1], greeting=greeting)
        heard, meant = [], []
        await one.listen("said", heard.append)
        await two.listen_everywhere("for.two", lambda data, way: meant.append((data, way)))
        await one.publish("said.1", b"nobody is there")
        assert (one.connections, one.payload) == (0, 1 << 20)
        start(0)  # home of `one`; `two` reaches only it
        assert await until(lambda: greetings and one.connections == 1)
        await asyncio.sleep(0.2)
        await two.publish("said.1", b"first")
        assert await until(lambda: b"first" in heard)
        await one.answer("for.two", b"answer")
        assert await until(lambda: meant == [(b"answer", 1)])
        start(1)
        assert await until(lambda: one.connections == two.connections == 2)
        await two.publish("said.1", b"once")
        assert await until(lambda: b"once" in heard)
        processes[0].kill()
        processes[0].wait()
        assert await until(lambda: one.connections == two.connections == 1)
        await two.publish("said.1", b"lost")
        greeted = len(greetings)
        start(0)
        assert await until(lambda: one.connections == two.connections == 2)
        assert await until(lambda: len(greetings) > greeted)
        await asyncio.sleep(0.2)
        await two.publish("said.1", b"again")
        assert await until(lambda: b"again" in heard)
        assert heard.count(b"once") == 1 and b"lost" not in heard
        await one.close()
        await two.close()
        assert one.connections == 0

    asyncio.run(talk())


def test_a_transport_without_a_server_or_with_another_address_is_refused():
    with pytest.raises(BadInput, match="at least one server"):
        MultiSitePubsub([])
    for url in ("http://one:4222", "nats://", "one"):
        with pytest.raises(BadInput, match=f"'{url}' is not a NATS address"):
            MultiSitePubsub(["nats://one:4222", url])


def test_the_largest_message_is_that_of_the_own_site():
    pubsub = MultiSitePubsub.__new__(MultiSitePubsub)
    pubsub._sites = [SimpleNamespace(payload=100), SimpleNamespace(payload=200)]
    assert pubsub.payload == 100
