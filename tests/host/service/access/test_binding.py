"""Where a service listens: loopback as it is, elsewhere with TLS or not without a word."""

import socket

import pytest

from consilience.errors import BadInput, ConsilienceError
from consilience.service.access.binding import bound


def tried(address, *, encrypted=False, clear_text=False):
    binding = bound(address, "--http", encrypted=encrypted, clear_text=clear_text)
    binding.socket.close()
    return binding


@pytest.mark.parametrize("address", ["0", "127.0.0.1:0", "localhost:0", "127.0.0.2:0"])
def test_loopback(address):
    binding = tried(address)
    assert binding.is_loopback and binding.url.startswith("http://127.0.0.")


def test_loopback_of_version_6():
    try:
        binding = tried("[::1]:0")
    except BadInput:
        pytest.skip("no IPv6 on this machine")
    assert binding.is_loopback and binding.url.startswith("http://[::1]:")


def test_elsewhere():
    with pytest.raises(BadInput, match=r"--tls-cert and --tls-key.*--clear-text"):
        tried("0.0.0.0:0")
    assert not tried("0.0.0.0:0", clear_text=True).is_loopback
    binding = tried("0.0.0.0:0", encrypted=True)
    assert not binding.is_loopback and binding.url.startswith("https://")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "x",
        "127.0.0.1",
        ":80",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "::1:80",
        "1:-1",
        "a b:1",
        "no.such.host.invalid:1",
        "192.0.2.1:0",
        "[::1:0",
        "1:2:3",
    ],
)
def test_no_addresses(address):
    with pytest.raises(BadInput, match="--http"):
        tried(address, clear_text=True)


def test_a_port_that_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ConsilienceError, match=f"{address}: another process listens there"):
            tried(address)
