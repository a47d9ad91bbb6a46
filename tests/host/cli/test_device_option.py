"""The URL of a device with its options."""

from pathlib import Path

import pytest

from consilience.cli.device_option import with_waves
from consilience.errors import BadInput


def test_waves_become_an_option_of_the_url():
    assert with_waves("cpu", None) == "cpu"
    assert with_waves("sim", Path("build/a b.vcd")) == "sim?waves=build/a%20b.vcd"
    assert with_waves("sim?lanes=4", Path("w.vcd")) == "sim?lanes=4&waves=w.vcd"


def test_waves_are_only_for_the_simulated_device():
    with pytest.raises(BadInput, match="--waves records the simulated device, not cpu"):
        with_waves("cpu", Path("w.vcd"))
