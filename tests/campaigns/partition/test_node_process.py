"""The recorder's connection: an answer that came too late is never taken for the next one."""

import contextlib
import socket
import time

import pytest

from tests.campaigns.partition.node_process import _Connection


def test_a_late_answer_is_dropped_and_nothing_is_sent_before_it(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        listener.listen()
        with contextlib.closing(_Connection(tmp_path / "socket")) as node:
            peer, _ = listener.accept()
            with peer:
                peer.settimeout(10)
                begun = time.monotonic()
                assert node.ask_in_time(b"one\n", 0.1) is None
                assert node.ask_in_time(b"two\n", 0.1) is None
                assert 0.2 <= time.monotonic() - begun < 5
                assert peer.recv(100) == b"one\n"
                peer.sendall(b"first\nthird\n")
                assert node.ask_in_time(b"three\n", 5) == b"third"
                assert peer.recv(100) == b"three\n"
                peer.sendall(b'{"a": 1}\n')
                assert node.ask(op="read") == {"a": 1}
            with pytest.raises(ConnectionError):
                node.ask(op="read")
