"""A network namespace of its own for a test, if there may be one."""

import ctypes
import os
import threading

import pytest

from consilience_sim.ethernet.tap_interface import TapInterface, TapRefused

NEW_NET = 0x40000000
HOST = "10.77.0.1/24"


def in_namespace(work):
    """Run a function in a thread with a network namespace that ends with it; skip if forbidden."""
    outcome = []

    def run():
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.unshare(NEW_NET) != 0:
                raise TapRefused(f"namespaces: {os.strerror(ctypes.get_errno())}")
            with TapInterface("tap0", HOST) as interface:
                work(interface)
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if outcome and isinstance(outcome[0], TapRefused):
        pytest.skip(f"needs root and /dev/net/tun: {outcome[0]}")
    if outcome:
        raise outcome[0]


@pytest.fixture
def namespace():
    """Run a function, given a TAP interface, in a network namespace of its own."""
    return in_namespace
