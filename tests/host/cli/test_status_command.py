"""`consilience status`: identity, format, error bound and counters."""

import json

from consilience.cli.app import main
from consilience.devices.cpu import CpuDevice
from consilience_hw.spec.log_format import Q16_16


def test_status_as_json(capsys):
    assert main(["status", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    with CpuDevice() as device:
        info = device.info
    assert value["device"] == "cpu"
    assert value["board"] == info.board
    assert value["format"] == "Q16.16"
    assert value["format_id"] == Q16_16.identifier
    assert value["error_bound_ulp"] == 0.55
    assert value["hypotheses"] == info.hypotheses
    assert set(value["counters"]) == set(info.counters)


def test_status_as_table(capsys):
    assert main(["status", "--device", "cpu"]) == 0
    shown = capsys.readouterr().out
    assert "Q16.16 (id 0x10101837), 1 ulp = 2^-16 bit" in shown
    assert "0.55 ulp" in shown
    assert "counters since reset" in shown
    assert max(map(len, shown.splitlines())) <= 100


def test_status_of_nothing(capsys):
    assert main(["status", "--device", "gpu", "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["exit_code"] == 4
