"""Serial ports: guesses by the USB bridge, and who may open them."""

import json
from types import SimpleNamespace

import pytest

from consilience.cli.app import main
from consilience.devices.ports import likely_boards, serial_ports


def info(device="/dev/ttyUSB0", vid=None, pid=None, product=None, location=None, **more):
    return SimpleNamespace(
        device=device,
        vid=vid,
        pid=pid,
        manufacturer=more.get("manufacturer"),
        product=product,
        description=more.get("description", "n/a"),
        serial_number=more.get("serial_number"),
        location=location,
    )


FTDI = 0x0403


@pytest.mark.parametrize(
    ("found", "boards", "guess"),
    [
        (info(), [], ""),
        (info(vid=FTDI, pid=0x6015, product="ULX3S FPGA 85K v3.0.8"), ["ulx3s"], "ULX3S-85F"),
        (info(vid=FTDI, pid=0x6015, product="FT231X"), ["ulx3s"], "ULX3S-85F"),
        (
            info(vid=FTDI, pid=0x6010, product="iCEBreaker V1.0e", location="1-2:1.1"),
            ["icebreaker"],
            "iCEBreaker",
        ),
        (
            info(vid=FTDI, pid=0x6010, product="iCEBreaker V1.0e", location="1-2:1.0"),
            [],
            "programmer's port of an FT2232H",
        ),
        (
            info(vid=FTDI, pid=0x6010, product="Dual RS232-HS", location="1-2:1.1"),
            ["icebreaker", "tangnano9k"],
            "iCEBreaker (iCE40UP5K) or Tang Nano 9K (GW1NR-9C)",
        ),
        (
            info(vid=FTDI, pid=0x6010, product="JTAG Debugger", location="1-2:1.1"),
            ["tangnano9k"],
            "Tang Nano 9K",
        ),
        (info(vid=0x2341, pid=0x43, product="Arduino Uno"), [], ""),
    ],
)
def test_guesses(found, boards, guess):
    (port,) = serial_ports([found])
    assert [board.name for board in port.boards] == boards
    assert port.guess.startswith(guess) and bool(port.guess) == bool(guess)


def test_ports_are_sorted_and_told_whole(tmp_path):
    mine, theirs = tmp_path / "b", tmp_path / "a"
    mine.touch()
    ports = serial_ports([info(str(mine), serial_number="7"), info(str(theirs), location="1-2")])
    assert [port.device for port in ports] == [str(theirs), str(mine)]
    assert [port.may_open for port in ports] == [False, True]
    assert [port.interface for port in ports] == [None, None]
    assert likely_boards(None, "ulx3s") == ()


def test_list(monkeypatch, capsys, tmp_path):
    silent = tmp_path / "ttyUSB0"
    found = [
        info(str(silent), vid=FTDI, pid=0x6015, product="ULX3S [FPGA]"),
        info("/dev/ttyS9"),
    ]
    monkeypatch.setattr("consilience.devices.ports.list_ports.comports", lambda: found)
    assert main(["list", "--json", "--ask"]) == 0
    first, second = json.loads(capsys.readouterr().out)["ports"]
    by_device = {port["device"]: port for port in (first, second)}
    ulx3s = by_device[str(silent)]
    assert (ulx3s["usb"], ulx3s["boards"], ulx3s["may_open"]) == ("0403:6015", ["ulx3s"], False)
    assert "no serial port" in ulx3s["answer"]
    assert by_device["/dev/ttyS9"]["answer"] is None
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    assert "ULX3S [FPGA]" in shown
    assert "usermod -aG dialout" in shown


def test_no_port(monkeypatch, capsys):
    monkeypatch.setattr("consilience.devices.ports.list_ports.comports", list)
    assert main(["list"]) == 0
    assert "No serial port" in capsys.readouterr().out
