"""Devices on a serial port: a pseudo-terminal with the software endpoint behind it."""

import contextlib
import os
import select
import threading
import tty

import numpy as np
import pytest
import serial

import consilience as cs
from consilience.devices.cpu import CpuDevice
from consilience.devices.linked import open_linked
from consilience.devices.ports import SerialPort, attached_device, attached_devices
from consilience.devices.serial_port import (
    BAUD,
    SerialAddress,
    SerialTransport,
    connect_serial,
)
from consilience.errors import BadInput, LinkError, NoDevice, PermissionRefused
from consilience.link.transport import TransportClosed
from consilience.server.endpoint import SoftwareEndpoint
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import BoardId
from consilience_sim import golden

ULX3S = EngineConfig(board=BoardId.ULX3S_85F, clock_hz=25_000_000)


class Terminal:
    """A pseudo-terminal; what is written to it goes to `answer(data)`, whose bytes come back."""

    def __init__(self, answer):
        self._answer = answer
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        self.path = os.ttyname(self._theirs)
        self._wakes, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while True:
            ready, _, _ = select.select([self._ours, self._wakes], [], [])
            if self._wakes in ready:
                return
            reply = self._answer(os.read(self._ours, 1 << 14))
            while reply:
                reply = reply[os.write(self._ours, reply) :]

    def unplug(self):
        if self._thread.is_alive():
            os.write(self._waker, b"\0")
            self._thread.join()
            for one in (self._ours, self._theirs, self._wakes, self._waker):
                os.close(one)


@contextlib.contextmanager
def terminal(answer):
    one = Terminal(answer)
    try:
        yield one
    finally:
        one.unplug()


def board(config=ULX3S):
    """Return what a board answers: the software endpoint, byte for byte."""
    device = CpuDevice()
    device.reduce([0])  # its kernels are compiled before anybody waits for an answer
    endpoint = SoftwareEndpoint(device, config)

    def answer(data):
        endpoint.send(data)
        return endpoint.receive(0.0)

    return answer


def port_of(path, usb=(0x0403, 0x6015), interface=0, words="ULX3S FPGA"):
    return SerialPort(path, words, usb, None, interface, True)


def test_a_board_on_a_terminal():
    rng = np.random.default_rng(1)
    codes = rng.integers(-(1 << 22), 1 << 22, 20_000, dtype=np.int32)
    offsets = np.append(0, np.sort(rng.integers(0, len(codes), 300)))
    offsets = np.append(offsets, len(codes))
    with (
        terminal(board()) as one,
        cs.open(f"serial://{one.path}?baud=3000000&timeout=20") as device,
    ):
        assert (device.reduce(codes, offsets) == golden.log_sums(codes, offsets)[0]).all()
        info = device.info
        assert (info.board, info.clock_hz) == ("ulx3s_85f", 25_000_000)
        assert info.counters["host_resent"] == 0


def test_bytes_before_hello_do_no_harm():
    """What a board sent to somebody else, or a boot loader's greeting: it costs one time-out."""
    answer = board()
    greeted = []

    def late(data):
        first = b"" if greeted else b"bootloader v2\r\n"
        greeted.append(True)
        return first + answer(data)

    with terminal(late) as one, open_linked(f"serial://{one.path}?timeout=3") as device:
        assert device.reduce([0, 0]).tolist() == [1 << 16]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("serial:///dev/ttyUSB1", ("/dev/ttyUSB1", BAUD, pytest.approx(0.1667, abs=1e-3))),
        (
            "serial:///dev/ttyUSB1?baud=115200",
            ("/dev/ttyUSB1", 115200, pytest.approx(1.84, abs=0.1)),
        ),
        ("serial://COM3?timeout=2.5", ("COM3", BAUD, 2.5)),
    ],
)
def test_addresses(url, expected):
    address = SerialAddress.of(url)
    assert (address.device, address.baud, address.reply_timeout) == expected


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("serial:", "not the URL of a serial port; give serial:///dev/ttyUSB1"),
        ("serial:///dev/x#1", "not the URL of a serial port"),
        (
            "serial:///dev/x?baud=fast",
            "options are baud=RATE, timeout=SECONDS, both numbers above 0",
        ),
        ("serial:///dev/x?baud=0", "options are baud=RATE, timeout=SECONDS, both numbers above 0"),
        ("serial:///dev/x?timeout=nan", "both numbers above 0"),
        ("serial:///dev/x?parity=even", "options are baud=RATE"),
    ],
)
def test_addresses_that_are_none(url, message):
    with pytest.raises(BadInput, match=message):
        SerialAddress.of(url)


def test_nobody_answers():
    with terminal(lambda data: b"") as one:
        url = f"serial://{one.path}?timeout=0.05"
        with pytest.raises(NoDevice, match="no device answers there; check that the board is prog"):
            open_linked(url)


def test_a_port_that_is_not_there():
    with pytest.raises(NoDevice, match=r"/dev/none: no serial port .*`consilience list` shows"):
        open_linked("serial:///dev/none")


def test_a_port_in_use():
    with (
        terminal(board()) as one,
        open_linked(f"serial://{one.path}"),
        pytest.raises(NoDevice, match="another program uses this port"),
    ):
        open_linked(f"serial://{one.path}")


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (serial.SerialException(13, "refused"), PermissionRefused, "usermod -aG dialout"),
        (ValueError("Failed to set custom baud rate"), BadInput, "no rate of 3000000 baud there"),
    ],
)
def test_ports_that_refuse(monkeypatch, error, kind, message):
    def refuse(*_arguments, **_options):
        raise error

    monkeypatch.setattr(serial, "Serial", refuse)
    with pytest.raises(kind, match=message):
        connect_serial(SerialAddress.of("serial:///dev/ttyUSB0"))


def test_unplugged_between_calls_and_plugged_in_again():
    """The call fails within its time; another `open` works."""
    one = Terminal(board())
    with open_linked(f"serial://{one.path}?timeout=0.1") as device:
        assert device.reduce([0]).tolist() == [0]
        one.unplug()
        with pytest.raises(LinkError, match=r"the serial port failed .*: was it unplugged\?"):
            device.reduce([0])
    with terminal(board()) as other, open_linked(f"serial://{other.path}") as device:
        assert device.reduce([0]).tolist() == [0]


def test_a_transport_that_was_closed():
    with terminal(board()) as one:
        transport = connect_serial(SerialAddress.of(f"serial://{one.path}"))
        assert transport.receive(0.0) == b""
        transport.close()
        for use in (lambda: transport.send(b"a"), lambda: transport.receive(0.0)):
            with pytest.raises(TransportClosed, match="the serial port failed"):
                use()


def test_a_port_that_takes_nothing():
    class Full:
        def write(self, data):
            raise serial.SerialTimeoutException("Write timeout")

    with pytest.raises(TransportClosed, match="the port takes no data"):
        SerialTransport(Full(), SerialAddress("full", BAUD, 1.0)).send(b"a")


def test_auto_takes_the_one_that_answers(monkeypatch, caplog):
    """By HELLO: a silent port with the same bridge is no board, one with another is not asked."""
    asked = []

    def silent(data):
        asked.append(data)
        return b""

    with (
        terminal(silent) as unknown,
        terminal(lambda data: b"") as quiet,
        terminal(board()) as answering,
    ):
        ports = [
            port_of(unknown.path, usb=(0x2341, 0x0043), words="another machine"),
            port_of(quiet.path),
            port_of(answering.path),
        ]
        monkeypatch.setattr("consilience.devices.ports.serial_ports", lambda: ports)
        with cs.open("auto") as device:
            assert device.info.url == f"serial://{answering.path}?baud={BAUD}"
        assert caplog.messages[-1].startswith(f"auto: took serial://{answering.path}")
    assert not asked


def test_two_that_answer_are_listed():
    tang = EngineConfig(serial=True, board=BoardId.TANG_NANO_9K, clock_hz=27_000_000)
    with terminal(board()) as one, terminal(board(tang)) as other:
        ports = [port_of(one.path), port_of(other.path)]
        with pytest.raises(NoDevice, match="several devices answer") as found:
            attached_device(ports)
        told = str(found.value)
        assert f"{one.path}?baud={BAUD} (ulx3s_85f)" in told
        assert f"{other.path}?baud={BAUD} (tang_nano_9k)" in told
        # And both were let go of.
        for device in attached_devices(ports):
            device.close()


def test_no_board_at_all():
    assert attached_device([]) is None
