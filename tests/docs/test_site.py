"""The site builds from docs/ without a warning, with the API and the help of all commands in it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_site_builds_without_a_warning(tmp_path):
    build = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-c", "docs/site"]
    done = subprocess.run(
        [*build, "-d", tmp_path / "read", "docs", tmp_path / "site"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    site = tmp_path / "site"
    assert "consilience.LogSum.from_bytes" in (site / "api.html").read_text()
    assert 'href="../service.html"' in (site / "tutorials" / "traces_to_alarm.html").read_text()
    assert 'href="../boards.html#the-bitstream' in (site / "tutorials" / "board.html").read_text()
    commands = (site / "commands.html").read_text()
    assert "--false-alarms-per-day" in commands and "consilience service tokens" in commands
