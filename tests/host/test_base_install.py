"""The library with nothing but its base dependencies: the cpu, whole; others say what they lack."""

import importlib.metadata
from types import SimpleNamespace

import pytest

from consilience.extras import install_command
from tests.imports import TOOL_CHAIN, run_without

ALL_OF_THE_CPU = """
import numpy as np
import consilience as cs

codes = cs.to_codes([-1.0, -2.0, -3.0])
with cs.open("cpu") as device, device.live() as live:
    assert device.reduce(codes)[0] == cs.LogSum.of(codes).code
    assert device.posterior(codes.reshape(1, 3), ["a"], codes).ids == ["a"]
    assert len(device.leave_one_out(codes)) == 3
    assert live.enter([1, 2, 3], codes).codes[-1] == device.reduce(codes)[0]
    assert device.robust(np.ones(4, np.int32), 1, 1 << 16).trimmed_count == 2
    assert device.info.url == "cpu"
assert cs.logsumexp([0.0, 0.0]) > 0.69
"""


def test_the_cpu_needs_neither_tool_chain_nor_link(tmp_path):
    assert run_without(ALL_OF_THE_CPU, tmp_path, (*TOOL_CHAIN, "cobs")) == ""


@pytest.mark.parametrize(
    ("url", "needed", "said"),
    [
        ("sim", "amaranth", f"run: {install_command('sim')}"),
        ("serial:///dev/none", "serial", f"run: {install_command('serial')}"),
        ("socket://127.0.0.1:1", "cobs", "ModuleNotFoundError: cobs is blocked"),
    ],
)
def test_other_devices_are_imported_when_they_are_opened(tmp_path, url, needed, said):
    program = f"import consilience as cs; cs.open({url!r})"
    complaint = run_without(program, tmp_path, (needed,))
    assert f"ModuleNotFoundError: {needed} is blocked" in complaint
    assert complaint.splitlines()[-1].endswith(said)


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        (None, "pip install 'consilience[sim]'"),
        ('{"url": "https://index.example/c.whl"}', "pip install 'consilience[sim]'"),
        ('{"url": "file:///gone/c.whl", "archive_info": {}}', "pip install 'consilience[sim]'"),
        ('{"url": "file:///tmp", "dir_info": {}}', "pip install '/tmp[sim]'"),
        ('{"url": "file:///tmp", "dir_info": {"editable": true}}', "pip install -e '/tmp[sim]'"),
    ],
)
def test_the_cure_installs_from_where_it_was_installed(monkeypatch, origin, command):
    """No package index need have it: a checkout or a wheel that is still there is named."""
    found = SimpleNamespace(read_text=lambda _: origin)
    monkeypatch.setattr(importlib.metadata, "distribution", lambda _: found)
    assert install_command("sim") == command
