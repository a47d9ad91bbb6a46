"""The computed pages of docs/ are what the code gives; one that is not is noticed."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

from docs import render

ROOT = Path(__file__).parent.parent


def test_the_pages_of_the_repository_are_the_rendered_ones():
    for name, rendered in render.PAGES.items():
        assert (ROOT / "docs" / name).read_text() == rendered(), f"{name}: run `make docs`"


def test_the_command_notices_a_stale_page(tmp_path, monkeypatch, capsys):
    for template in (ROOT / "docs").glob("*.j2"):
        (tmp_path / template.name).write_text(template.read_text())
    (tmp_path / "link.md").write_text("# another page\n")
    monkeypatch.setattr(render, "DOCS", tmp_path)
    monkeypatch.setattr(sys, "argv", ["render.py", "--check"])
    assert render.main() == 1
    told = capsys.readouterr().err
    assert told == (
        "docs/link.md, docs/network.md, docs/numerics.md, docs/registers.md, docs/timing.md "
        "not as rendered; run `make docs`\n"
    )
    monkeypatch.setattr(sys, "argv", ["render.py"])
    assert render.main() == 0
    monkeypatch.setattr(sys, "argv", ["render.py", "--check"])
    assert render.main() == 0


def test_the_command_runs_from_the_root():
    subprocess.run([sys.executable, "-m", "docs.render", "--check"], cwd=ROOT, check=True)


def test_bounds_are_printed_rounded_up():
    assert render.upward(Fraction(50841, 100_000), 4) == "0.5085"
    assert render.upward(Fraction(1, 2), 1) == "0.5"
    assert render.scientific(Fraction(1231, 10**9)) == "1.24 * 10^-6"
