"""An engine behind Ethernet: the same replies as behind a byte stream, and peers apart."""

import os
import random
import signal
import socket
import subprocess
import sys

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import REPLY_HEADER, Counter, FrameType
from consilience_hw.spec.network import NetworkAddress
from consilience_sim.compiled import EngineSimulation
from consilience_sim.ethernet import simulated_board
from consilience_sim.ethernet.tap import READY
from consilience_sim.testing.link_oracle import frames_of, packed, request_frame, sealed

pytestmark = pytest.mark.slow

CONFIG = EngineConfig(hypotheses=0, weights=False, credits=2, largest_payload=256)
OPTIONS = ["--hypotheses=0", "--credits=2", "--payload=256"]
US = NetworkAddress()
NONCE = 0x1234_5678


def reduce_request(sequence, operation, codes):
    message = sealed(packed([len(codes), *codes]))
    return request_frame(FrameType.REDUCE, sequence, NONCE, operation, message, 0, len(message))


def script():
    """Requests of a session, each with its reply due before the next."""
    choose = random.Random(3)
    yield request_frame(FrameType.HELLO, 0, 0, 1, b"", 0, 0)
    for number in range(1, 20):
        codes = [choose.randrange(-(1 << 20), 1 << 20) for _ in range(choose.randrange(1, 30))]
        yield reduce_request(number, number + 1, codes)


@pytest.fixture
def board():
    with simulated_board(CONFIG, US, entropy=NONCE) as found:
        yield found


@pytest.fixture
def bytes_of_engine():
    """What the engine says to a script on a byte stream."""
    with EngineSimulation(CONFIG, entropy=NONCE) as engine:

        def of(requests):
            replies = []
            for request in requests:
                engine.send(request)
                replies.append(engine.receive(100_000))
            return replies

        yield of


def ask(board, frame, mac="02:00:00:00:00:01", ip="10.77.0.1", port=4000):
    """Send a datagram; return the data of all that come back, each checked to be addressed so."""
    headers = Ether(src=mac, dst=US.mac) / IP(src=ip, dst=US.ip) / UDP(sport=port, dport=US.port)
    board.send(bytes(headers / frame))
    found = []
    while True:
        reply = board.receive(1e-6)
        if reply is None:
            if board.quiet_cycles > 1000:
                return found
            continue
        packet = Ether(reply)
        assert (packet.dst, packet[IP].dst, packet[UDP].dport) == (mac, ip, port)
        found.append(bytes(packet[UDP].payload)[: packet[UDP].len - 8])


def test_replies_are_those_of_a_byte_stream(board, bytes_of_engine):
    requests = list(script())
    assert [ask(board, one) for one in requests] == [[one] for one in bytes_of_engine(requests)]


def test_several_requests_in_one_datagram_get_a_datagram_each(board, bytes_of_engine):
    requests = list(script())
    expected = bytes_of_engine(requests)
    assert ask(board, requests[0]) == expected[:1]
    assert ask(board, requests[1] + requests[2]) == expected[1:3]


def test_strangers_at_the_port_get_no_reply_of_another(board, bytes_of_engine):
    requests = list(script())
    expected = bytes_of_engine(requests)
    choose = random.Random(8)
    for request, reply in zip(requests, expected, strict=True):
        noise = choose.randbytes(choose.randrange(1, 200))
        stranger = {"mac": "02:00:00:00:00:66", "ip": "10.77.0.66", "port": 66}
        assert ask(board, noise, **stranger) == []
        # A request of the session, repeated by another: who asks gets the reply.
        assert ask(board, request) == [reply]
        assert ask(board, request, **stranger) == [reply]


def test_the_status_counts_what_was_dropped_before_it_was_link_bytes(board):
    (hello,) = ask(board, next(script()))
    assert hello
    packet = Ether(dst=US.mac) / IP(src="10.77.0.1", dst=US.ip)
    bad = [
        *[packet / UDP(dport=US.port, chksum=1) / b"data"] * 2,
        *[packet / UDP(dport=7) / b"data"] * 3,
        *[packet / UDP(dport=US.port) / bytes(1600)] * 4,
    ]
    for frame in bad:
        board.send(bytes(frame))
    assert board.receive(1e-3) is None
    (reply,) = ask(board, request_frame(FrameType.STATUS, 1, NONCE, 2, b"", 0, 0))
    (frame,) = frames_of(reply)
    counters = dict(zip(Counter, frame.words[len(REPLY_HEADER) :], strict=True))
    assert {counter.name: counters[counter] for counter in list(Counter)[-4:]} == {
        "DAMAGED_PACKETS": 4,
        "BAD_PACKETS": 2,
        "OTHER_PACKETS": 3,
        "LOST_PACKETS": 0,
    }
    assert counters[Counter.FRAMES] == 1
    assert counters[Counter.BAD_FRAMING] == counters[Counter.BAD_CRC] == 0


def test_peers_at_once_get_each_its_own(board, bytes_of_engine):
    """Both at line rate, in turn: a reply never goes to who did not ask for it."""
    requests = list(script())[:2]
    hello, request = requests
    expected = bytes_of_engine(requests)
    peers = [("02:00:00:00:00:01", "10.77.0.1", 4000), ("02:00:00:00:00:02", "10.77.0.7", 4001)]
    assert ask(board, hello) == expected[:1]
    for mac, ip, port in peers * 5:
        ethernet = Ether(src=mac, dst=US.mac) / IP(src=ip, dst=US.ip)
        board.send(bytes(ethernet / UDP(sport=port, dport=US.port) / request))
    found = []
    while board.quiet_cycles <= 1000:
        if (reply := board.receive(1e-6)) is not None:
            packet = Ether(reply)
            found.append((packet.dst, packet[IP].dst, packet[UDP].dport))
            assert bytes(packet[UDP].payload)[: packet[UDP].len - 8] == expected[1]
    assert found == peers * 5


def test_the_command_serves_a_socket_of_the_kernel(namespace, bytes_of_engine):
    def trial(_interface):
        command = [sys.executable, "-m", "consilience_sim.ethernet.tap", "--tap=tap1", *OPTIONS]
        process = subprocess.Popen(
            [*command, "--address=10.99.0.5/29"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            line = process.stdout.readline().decode()
            assert line.startswith(READY) and "udp://10.99.0.5:50577 on tap1" in line
            with socket.socket(type=socket.SOCK_DGRAM) as client:
                client.settimeout(30)
                client.connect(("10.99.0.5", US.port))
                client.send(next(script()))
                reply = client.recv(2000)
        finally:
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=30)
        # All but the nonce, which is drawn, and the CRC.
        (expected,) = bytes_of_engine([next(script())])
        assert len(reply) == len(expected)
        assert process.returncode == 0, errors
        assert b"frames from the host" in errors

    namespace(trial)


def test_the_command_says_what_is_wrong(tmp_path):
    def error_of(*options):
        done = subprocess.run(
            [sys.executable, "-m", "consilience_sim.ethernet.tap", *options],
            capture_output=True,
            text=True,
            env=os.environ,
        )
        assert done.returncode == 1 and done.stdout == ""
        return done.stderr

    assert "ip must be the address of one station" in error_of("--address=224.0.0.1/24")
    assert "credits must be" in error_of("--credits=3")
    assert "error: " in error_of("--tap=" + "a" * 16, *OPTIONS)
