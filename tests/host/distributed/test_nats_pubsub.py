"""The transport over a real NATS server: limits that change, TLS, passwords."""

import asyncio
import logging

import pytest

from consilience.distributed.nats_address import shown_address
from consilience.distributed.nats_pubsub import NatsPubsub
from consilience.errors import NoDevice
from tests.host.distributed.test_multi_site_pubsub import until
from tests.host.distributed.test_processes import free_port, processes, start_server

__all__ = ["processes"]


class Server:
    """A NATS server that can be started anew with another configuration."""

    def __init__(self, processes, folder):
        self.processes, self.port = processes, free_port()
        self.file = folder / "server.conf"

    def start(self, *lines):
        self.file.write_text("\n".join([f"listen: 127.0.0.1:{self.port}", *lines, ""]))
        start_server(self.processes, self.file, self.port)

    def stop(self):
        self.processes[-1].kill()
        self.processes[-1].wait()

    def url(self, scheme="nats", user=""):
        return f"{scheme}://{user}127.0.0.1:{self.port}"


@pytest.fixture
def server(processes, tmp_path):
    return Server(processes, tmp_path)


def test_a_server_that_takes_less_for_a_while_was_the_end_of_the_transport(server, caplog):
    """The client gave up for good at an error of the server, and nobody was told."""

    async def talk():
        heard = []
        pubsub = await NatsPubsub.connect(server.url())
        await pubsub.listen("said", heard.append)
        await pubsub.publish("said", b"first")
        assert await until(lambda: heard == [b"first"])
        server.stop()
        # While it is away, and as it comes back with a limit below what waits to be sent.
        server.start("max_payload: 300")
        for _ in range(40):
            await pubsub.publish("said", bytes(4000))
            await asyncio.sleep(0.05)
        assert await until(lambda: pubsub.is_connected and pubsub.payload == 300)
        await pubsub.publish("said", bytes(4000))
        assert bytes(4000) not in heard
        server.stop()
        server.start()
        assert await until(lambda: pubsub.is_connected and pubsub.payload == 1 << 20)
        assert await until(lambda: "connected again" in caplog.text)
        await pubsub.publish("said", bytes(4000))
        assert await until(lambda: bytes(4000) in heard)
        await pubsub.close()

    server.start()
    with caplog.at_level(logging.WARNING):
        asyncio.run(talk())
    assert "the connection is lost" in caplog.text
    assert "a message of 4000 bytes was not sent" in caplog.text
    assert len(caplog.records) < 12  # said once each, not at every message


class Listener:
    """What says that it is a NATS server, keeps what it is sent, and may end with an error."""

    def __init__(self, info=b"{}", ending=b""):
        self.info, self.ending, self.received, self.connections = info, ending, b"", 0
        self.writers = []

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.url = f"127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_):
        self.server.close()
        for writer in self.writers:
            writer.close()
        await asyncio.sleep(0.1)

    async def serve(self, reader, writer):
        self.connections += 1
        self.writers.append(writer)
        writer.write(b"INFO " + self.info + b"\r\n")
        while data := await reader.read(1 << 16):
            self.received += data
            if b"PING" in data:
                writer.write(b"PONG\r\n")
            if b"PUB" in data and self.ending:
                writer.write(self.ending)
        writer.close()


def test_an_error_that_closes_the_connection_is_told_and_outlived(caplog):
    async def talk():
        async with Listener(ending=b"-ERR 'Maximum Payload Violation'\r\n") as listener:
            pubsub = await NatsPubsub.connect(f"nats://{listener.url}")
            await pubsub.listen("said", lambda data: None)
            await pubsub.publish("said", b"one")
            assert await until(lambda: listener.connections == 2)
            assert await until(lambda: listener.received.count(b"SUB said") == 4)
            await pubsub.close()

    with caplog.at_level(logging.WARNING):
        asyncio.run(talk())
    assert "the server closed the connection (maximum payload violation)" in caplog.text


def test_with_tls_nothing_is_said_in_the_clear():
    """A password went in clear text to a server that offered no TLS."""

    async def talk():
        async with Listener() as listener:
            with pytest.raises(NoDevice, match="asks for TLS, which the server does not offer"):
                await NatsPubsub.connect(f"tls://someone:secret@{listener.url}")
            assert listener.received == b""

    asyncio.run(talk())


def test_no_password_is_shown(server):
    server.start("authorization: {user: someone, password: right}")

    async def talk():
        with pytest.raises(NoDevice) as refused:
            await NatsPubsub.connect(server.url(user="someone:secret@"))
        assert "secret" not in str(refused.value) and "refuses this user" in str(refused.value)
        assert f"nats://***@127.0.0.1:{server.port}" in str(refused.value)
        pubsub = await NatsPubsub.connect(server.url(user="someone:right@"))
        await pubsub.close()

    asyncio.run(talk())
    assert shown_address("token@host") == "***@host"
    assert shown_address("nats://host:4222") == "nats://host:4222"
    assert shown_address("tls://a:b@c@host") == "tls://***@host"
