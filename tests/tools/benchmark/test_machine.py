"""What is told of the machine, and the memory that can be had."""

import pytest

from consilience_tools.benchmark import machine


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Return a folder that stands for /proc and for the control group."""
    monkeypatch.setattr(machine, "_PROC", tmp_path)
    monkeypatch.setattr(machine, "_CGROUP", tmp_path)
    return tmp_path


def test_memory_of_the_machine_and_of_its_container(system):
    assert machine.available_bytes() is None
    (system / "meminfo").write_text("MemTotal: 900 kB\nMemAvailable:     500 kB\n")
    assert machine.available_bytes() == 512_000
    (system / "memory.max").write_text("max\n")
    (system / "memory.current").write_text("100000\n")
    assert machine.available_bytes() == 512_000
    (system / "memory.max").write_text("300000\n")
    assert machine.available_bytes() == 200_000
    (system / "memory.current").write_text("400000\n")
    assert machine.available_bytes() == 0


def test_description(system):
    (system / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Some CPU\n")
    told = machine.describe()
    assert told["processor"] == "Some CPU"
    assert told["cores"] >= 1
    assert told["packages"]["numpy"]
    assert set(told["packages"]) >= {"scipy", "jax", "numba"}


def test_a_processor_without_a_name(system, monkeypatch):
    monkeypatch.setattr(machine.platform, "processor", lambda: "")
    monkeypatch.setattr(machine.platform, "machine", lambda: "riscv64")
    assert machine.describe()["processor"] == "riscv64"


def test_load(monkeypatch):
    assert len(machine.load()) == 3
    monkeypatch.delattr(machine.os, "getloadavg")
    assert machine.load() is None
