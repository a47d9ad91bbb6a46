"""URLs of devices."""

import logging

import pytest

import consilience as cs
from consilience.devices.opening import open_device
from consilience.errors import BadInput, NoDevice
from consilience.server.endpoint import SoftwareEndpoint, served_device


def test_cpu():
    with open_device("cpu") as device:
        assert device.info.url == "cpu"
    assert cs.open is open_device


def test_auto_says_what_it_took(caplog, monkeypatch):
    monkeypatch.setattr("consilience.devices.ports.serial_ports", list)
    with caplog.at_level(logging.WARNING), open_device() as device:
        assert device.info.url == "cpu"
    assert caplog.messages == ["auto: took cpu"]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("gpu", "no CUDA GPU answers|not served to others; give cpu, sim"),
        ("serial:///dev/none?baud=3000000", "/dev/none: no serial port .No such file or directory"),
    ],
)
@pytest.mark.parametrize("opener", [open_device, served_device])
def test_devices_that_are_not_there(opener, url, message):
    with pytest.raises(NoDevice, match=message):
        opener(url)


@pytest.mark.parametrize("url", ["", "cpus", "CPU", "simulation", "socket", "cpu?lanes=2"])
@pytest.mark.parametrize("opener", [open_device, served_device])
def test_no_device_at_all(opener, url):
    with pytest.raises(BadInput, match="not a device URL; give cpu, sim"):
        opener(url)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "sim?lane=4",
            "lane=4 is no option of sim; give numbers for lanes, hypotheses, components",
        ),
        ("sim?lanes=four", "lanes=four is no option"),
        ("sim?lanes=0", "lanes must be in 1..64, not 0"),
        ("sim?hypotheses=17", "hypotheses must be in 2..16"),
        ("sim?waves=", "waves= is no option"),
        ("socket://host", "give socket://HOST:PORT"),
    ],
)
@pytest.mark.parametrize("opener", [open_device, served_device])
def test_options_that_cannot_be(opener, url, message):
    with pytest.raises(BadInput, match=message):
        opener(url)


def test_waves_never_replace_a_file(tmp_path):
    path = tmp_path / "evidence.csv"
    path.write_text("mine")
    for opener in (open_device, served_device):
        with pytest.raises(
            BadInput, match="exists already; remove it or choose another file for the waves"
        ):
            opener(f"sim?waves={path}")
    assert path.read_text() == "mine"


def test_what_is_no_url():
    with pytest.raises(BadInput, match="a device is opened by its URL, not by 5"):
        open_device(5)


def test_each_client_of_the_cpu_has_an_end_of_its_own():
    opens = served_device("cpu")
    with opens() as first, opens() as second:
        assert isinstance(first, SoftwareEndpoint) and first is not second
