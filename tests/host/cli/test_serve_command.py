"""`consilience serve`: a process of its own, reached by the driver."""

import json
import re
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest

from consilience.cli.app import main
from consilience.devices.linked import open_linked
from consilience.distributed.metrics import serve_metrics
from consilience.errors import ConsilienceError, PermissionRefused
from consilience.service.access.tokens import Tokens
from consilience_sim import golden

PROGRAM = [
    sys.executable,
    "-c",
    "import sys; from consilience.cli.app import main; sys.exit(main())",
]


@pytest.fixture
def serve():
    """Return a function that starts `consilience serve` and returns (process, first line)."""
    started = []

    def start(*words):
        process = subprocess.Popen(
            [*PROGRAM, "serve", "--port", "0", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process, process.stdout.readline()

    yield start
    for process in started:
        process.kill()
        process.communicate()


def ended(process, number):
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    return process.returncode, out, err


def test_serve_with_json(serve):
    process, line = serve("--json")
    told = json.loads(line)
    assert told["device"] == "cpu"
    assert re.fullmatch(r"socket://127\.0\.0\.1:\d+", told["address"])
    codes = np.random.default_rng(1).integers(-(1 << 20), 1 << 20, 10_000, dtype=np.int32)
    for _ in range(2):
        with open_linked(told["address"]) as device:
            assert device.reduce(codes)[0] == golden.log_sums(codes, np.array([0, 10_000]))[0][0]
            info = device.info
            assert (info.board, info.url) == ("cpu", told["address"])
    # Each client of cpu has a device of its own.
    assert info.counters["codes"] == 10_000
    code, out, err = ended(process, signal.SIGINT)
    assert (code, out) == (130, "")
    assert err.splitlines()[-1] == "interrupted"


def test_serve_for_people(serve):
    process, line = serve()
    assert re.fullmatch(r"serving cpu at socket://127\.0\.0\.1:\d+; Ctrl-C ends it\n", line)
    code, _, err = ended(process, signal.SIGTERM)
    assert code == 128 + signal.SIGTERM
    assert "Traceback" not in err


def test_a_port_that_is_taken(capsys):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert main(["serve", "--port", str(port), "--json"]) == 1
        words = json.loads(capsys.readouterr().out)["error"]
        assert f"port {port}" in words and words.endswith("choose another --port")
        assert main(["serve", "--http", str(port), "--arl", "9", "--volatile", "--json"]) == 1
        words = json.loads(capsys.readouterr().out)["error"]
        assert f"127.0.0.1:{port}: another process" in words and "port with --http" in words
        with pytest.raises(ConsilienceError, match=f"{port}: .* another --metrics"):
            serve_metrics(None, port)


def test_an_address_of_nobody(capsys):
    assert main(["serve", "--host", "no.such.host.invalid", "--json"]) == 2
    assert "no.such.host.invalid: no address" in json.loads(capsys.readouterr().out)["error"]


def test_a_device_that_cannot_be_served(capsys):
    assert main(["serve", "--device", "nothing", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["exit_code"] == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--host", "0.0.0.0"), "--tls-cert and --tls-key, or listen on 127.0.0.1"),
        (("--host", "0.0.0.0", "--clear-text"), "--access DIR"),
        (("--require-token",), "--access DIR"),
        (("--tls-cert", "x.pem"), "give both"),
        (("--client-ca", "x.pem"), "for --http"),
        (("--http", "0.0.0.0:0", "--volatile", "--arl", "1000"), "--tls-cert and --tls-key"),
        (("--http", "0", "--volatile", "--arl", "1000", "--client-ca", "x"), "give --tls-cert"),
        (("--http", "0", "--volatile", "--arl", "1000", "--require-token"), "--access DIR"),
    ],
)
def test_who_may_use_it_cannot_be_left_open(capsys, words, said):
    assert main(["serve", "--port", "0", *words, "--json"]) == 2
    assert said in json.loads(capsys.readouterr().out)["error"]


def test_a_device_for_those_with_a_token(serve, tmp_path, monkeypatch):
    with Tokens(tmp_path / "access.db") as table:
        token, _ = table.create("board", ["device"])
        process, line = serve("--require-token", "--access", str(tmp_path), "--json")
        told = json.loads(line)
        assert told["token"]
        with pytest.raises(PermissionRefused):
            open_linked(told["address"])
        monkeypatch.setenv("CONSILIENCE_TOKEN", token.text)
        with open_linked(told["address"]) as device:
            assert device.reduce(np.array([0, 0], np.int32))[0] == 1 << 16
        _, _, err = ended(process, signal.SIGINT)
        assert token.secret.hex() not in err


@pytest.mark.parametrize("words", [("--arl", "1000"), ("--volatile",), ("--nats", "nats://h:1")])
def test_options_of_a_service_are_not_taken_for_those_of_a_device(capsys, words):
    """They were ignored, and a device was served in place of a fleet."""
    assert main(["serve", *words]) == 2
    assert "are for --http" in capsys.readouterr().err
