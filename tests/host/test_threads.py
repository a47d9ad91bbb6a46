"""Objects that four threads share: the same bits as one thread gets."""

import contextlib
import os
import sys
import threading
import time
import tty

import numpy as np
import pytest

import consilience as cs
from consilience.devices.cpu import CpuDevice
from consilience.devices.link_device import LinkDevice
from consilience.devices.serial_port import SerialAddress, connect_serial
from consilience.distributed.reads.fusion_rule import FusionRule
from consilience.distributed.reads.read_node import ReadNode
from consilience.distributed.reads.shard_state import Report
from consilience.distributed.staleness.discount import Discount
from consilience.distributed.staleness.shard_arrays import ShardArrays
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.distributed.write_ahead_log import WriteAheadLog
from consilience.errors import NoDevice
from consilience.link.session import LinkSession
from consilience.server.endpoint import SoftwareEndpoint
from consilience.server.server import LinkServer

THREADS = 4
CLIP = 1 << 16


@pytest.fixture(autouse=True)
def often():
    """Let threads change places a hundred times as often as usual."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def at_once(work):
    """Call ``work(number)`` in four threads that start together; raise what one of them raised."""
    together = threading.Barrier(THREADS)
    raised = []

    def run(number):
        together.wait()
        try:
            work(number)
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    for error in raised:
        raise error


@contextlib.contextmanager
def over_a_socket():
    with LinkServer(SoftwareEndpoint(CpuDevice())) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            with cs.open(server.address) as device:
                yield device
        finally:
            server.stop()
            thread.join(10)


@contextlib.contextmanager
def over_a_serial_port():
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    endpoint = SoftwareEndpoint(CpuDevice())

    def serve():
        with contextlib.suppress(OSError):  # closed
            while data := os.read(ours, 4096):
                endpoint.send(data)
                while answer := endpoint.receive(0):
                    os.write(ours, answer)

    thread = threading.Thread(target=serve)
    thread.start()
    address = SerialAddress(os.ttyname(theirs), 3_000_000, 5.0)
    session = LinkSession(connect_serial(address), "serial")
    os.close(theirs)
    try:
        with LinkDevice.over(session) as device:
            yield device
    finally:
        thread.join(10)
        os.close(ours)
        assert not thread.is_alive()


DEVICES = {
    "cpu": lambda: cs.open("cpu"),
    "sim": lambda: cs.open("sim"),
    "socket": over_a_socket,
    "serial": over_a_serial_port,
}


def some_codes(number):
    return np.random.default_rng(number).integers(-(1 << 22), 1 << 22, 200, np.int32)


def answers(device, codes):
    """Return what a device makes of codes, by all calls it has."""
    evidence, agents = codes.reshape(-1, 2), np.arange(len(codes) // 2) % 7
    found = [
        device.reduce(codes, np.array([0, 3, 3, 90, len(codes)])),
        device.posterior(evidence, agents, np.zeros(2, np.int32)).posterior,
    ]
    if not isinstance(device, LinkDevice) or device.url == "sim":
        found += [device.leave_one_out(codes[:20]), device.robust(codes[:40], 10, CLIP)]
    return [np.asarray(one).tolist() for one in found]


@pytest.mark.parametrize("kind", DEVICES)
def test_a_device_shared_by_threads_said_to_check_the_connection(kind):
    """Replies of one thread went to another: seconds of retries, then an error, or none."""
    codes = [some_codes(number) for number in range(THREADS)]
    with CpuDevice() as cpu:
        expected = [answers(cpu, one) for one in codes]
    with DEVICES[kind]() as device:
        if kind in ("socket", "serial"):
            expected = [one[:2] for one in expected]

        def work(number):
            for _ in range(3):
                assert answers(device, codes[number]) == expected[number]

        at_once(work)
        counters = device.info.counters
        assert counters.get("host_resent", 0) == counters.get("host_stray", 0) == 0


def test_the_cpu_lost_counts():
    largest = [(1 << 31) - 1] * 2
    with CpuDevice() as device:
        at_once(lambda _: [device.reduce(largest) for _ in range(2000)])
        assert device.info.counters == {
            "calls": 2000 * THREADS,
            "codes": 4000 * THREADS,
            "results": 2000 * THREADS,
            "saturated": 2000 * THREADS,
        }


@pytest.mark.parametrize("kind", ["cpu", "sim"])
def test_a_live_state_shared_by_threads_lost_updates(kind):
    with cs.open(kind) as device, device.live() as live:
        codes = [some_codes(number)[:60] for number in range(THREADS)]

        def work(number):
            agents = np.arange(60) + 1000 * number
            for one, code in zip(agents, codes[number], strict=True):
                live.enter(one, code)
            for one, code in zip(agents[:30], codes[number][:30], strict=True):
                live.change(one, code, code + 1)
                assert live.code_of(one) == code + 1
            live.leave(agents[30:], codes[number][30:])

        at_once(work)
        expected = cs.LogSum.of(np.concatenate([one[:30] + 1 for one in codes]))
        assert live.count == 30 * THREADS
        assert live.state() == expected
        assert live.code == expected.code
        # Each update has its number, beside the first clearing and the reading: none came twice.
        assert live.enter(5000, 0).operation[0] == 2 + THREADS * 120


@pytest.mark.parametrize("kind", ["cpu", "sim"])
def test_a_closed_live_state_and_device_still_computed(kind):
    device = cs.open(kind)
    live = device.live()
    live.enter(1, 5)
    live.close()
    for use in (lambda: live.code, lambda: live.enter(2, 5), live.clear, live.reload, live.state):
        with pytest.raises(NoDevice, match="closed; open another"):
            use()
    device.close()
    for use in (
        device.live,
        lambda: device.leave_one_out([1, 2]),
        lambda: device.robust(np.ones(4, np.int32), 1, CLIP),
    ):
        with pytest.raises(NoDevice, match="this device is closed; open another"):
            use()


@pytest.mark.parametrize("kind", [cs.LogSum, cs.WindowSum])
def test_a_state_shared_by_threads_lost_codes(kind):
    state, part = kind(), some_codes(0)

    def work(_):
        for code in part:
            state.add(code)
        state.merge(kind.of(part))
        state.remove(part[:50])

    top = np.int32(1 << 30)
    state.add(top)  # so that no removal takes the top of a window
    at_once(work)
    left = np.concatenate([[top], *[part, part[50:]] * THREADS])
    assert state == kind.of(left)


def test_a_histogram_shared_by_threads_lost_ratios():
    histogram, part = cs.RobustHistogram(CLIP), some_codes(0)

    def work(_):
        for _ in range(10):
            for code in part:
                histogram.add(code)
            histogram.merge(cs.RobustHistogram.of(part, CLIP)).remove(part[:50])

    at_once(work)
    expected = cs.RobustHistogram.of(np.concatenate([part, part[50:]]), CLIP)
    assert (histogram.counts == 10 * THREADS * expected.counts).all()


def test_a_tree_shared_by_threads_lost_codes():
    tree, part = cs.GroupTree(2), some_codes(0)

    def work(number):
        for place, code in enumerate(part):
            tree.add(("eu", place % 3), code)
            assert tree.state().count >= place
        tree.remove(("eu", 0), part[::3][:5])

    at_once(work)
    kept = np.concatenate([part[1::3], part[2::3], part[::3][5:]])
    assert tree.state() == cs.LogSum.of(np.tile(kept, THREADS))
    assert tree.children(("eu",)) == [0, 1, 2]


def test_sums_of_evidence_shared_by_threads_lost_rows():
    total, part = EvidenceSums(["a", "b"]), EvidenceSums(["a", "b"])
    part.add([0, 1], some_codes(0)[:4].reshape(2, 2))

    def work(number):
        for place in range(300):
            total.merge(part)
            if place % 50 == 0:
                total.add([100 + number, 200 + place], np.zeros((2, 2), np.int32))
                bytes(total)

    at_once(work)
    expected = EvidenceSums(["a", "b"])
    for number in range(THREADS):
        for place in range(300):
            expected.merge(part)
            if place % 50 == 0:
                expected.add([100 + number, 200 + place], np.zeros((2, 2), np.int32))
    assert total == expected


def test_a_log_shared_by_threads_lost_an_acknowledged_frame(tmp_path, monkeypatch):
    """The disk failed one thread, whose frame was taken back, and that of another with it."""
    real, failing, acknowledged = os.fsync, threading.Event(), []

    def fail_first(file):
        if failing.is_set():
            return real(file)
        failing.set()
        time.sleep(0.2)  # the others write now, if they may
        raise OSError("the disk failed")

    with WriteAheadLog(tmp_path) as log:
        monkeypatch.setattr(os, "fsync", fail_first)

        def work(number):
            if number:
                failing.wait()
            with contextlib.suppress(OSError):
                log.accept(0, number, bytes([number]))
                acknowledged.append(number)

        at_once(work)
    monkeypatch.undo()
    with WriteAheadLog(tmp_path) as log:
        assert sorted(frame[0] for frame in log.replay(0)) == sorted(acknowledged)


def test_a_node_whose_producers_are_threads_lost_reports(tmp_path):
    arrays = ShardArrays((40, 2), 2_000, Discount(1_000, 1_000, 4_000), 128)
    with WriteAheadLog(tmp_path) as log:
        node = ReadNode(1, FusionRule(arrays, faulty=1, threshold=5, epoch=9), log)

        def work(number):
            for k in range(10):
                report = Report(10 * number + k, 7)
                assert node.accept(10 * number + k, report).fresh
                node.read()
                node.receive(node.dated_state())

        at_once(work)
        assert node.read().versions[0] == 40
        assert node.counts["own"] == 40
