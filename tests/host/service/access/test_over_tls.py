"""The whole program over TLS: a token, a client certificate, and neither."""

import json
import subprocess
import sys
from ipaddress import ip_address

import pytest
from cryptography.x509 import IPAddress

from consilience.client import Client
from consilience.errors import PermissionRefused
from consilience.service.access.tokens import Tokens
from tests.host.service.access.certificates import Authority

PROGRAM = "import sys; from consilience.cli.app import main; sys.exit(main())"


@pytest.mark.slow
def test_over_tls(tmp_path):
    authority = Authority(tmp_path)
    files = authority.sign("server", names=[IPAddress(ip_address("127.0.0.1"))])
    own = authority.sign("reader-1")
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    words = [
        "--http",
        "127.0.0.1:0",
        "--require-token",
        "--state",
        state,
        "--arl",
        "1000",
        "--json",
    ]
    words += ["--tls-cert", files[0], "--tls-key", files[1], "--client-ca", authority.path]
    with Tokens(state / "access.db") as tokens:
        token, _ = tokens.create("operator", ["admin"])
        tokens.trust_certificate("reader-1", ["read"])
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "serve", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            url = json.loads(process.stdout.readline())["url"]
            assert url.startswith("https://127.0.0.1:")
            row = {"agent": "a", "run": 1, "score": 1}
            with Client(url, token=token.text, ca=authority.path) as client:
                assert client.send([row]).accepted == 1
            with Client(url, ca=authority.path, certificate=own[0], key=own[1]) as client:
                assert client.fleet()["agents"] == 1
                with pytest.raises(PermissionRefused, match="scope ingest"):
                    client.send([row])
            with (
                Client(url, ca=authority.path) as client,
                pytest.raises(PermissionRefused, match="without a token"),
            ):
                client.fleet()
        finally:
            process.terminate()
            out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and token.secret.hex() not in out + err
