"""The wheel, away from the checkout, with the base install alone: what runs, what says why not.

The environment is made of links to this one's packages: those that the wheel's base dependencies
name, and nothing else.
"""

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.docs.blocks import carried_out

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Return a site folder with the wheel and its base dependencies."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    site = folder / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*install, "--target", str(site), str(wheel)], check=True, capture_output=True)
    (metadata,) = site.glob("*.dist-info")
    waiting = importlib.metadata.PathDistribution(metadata).requires or []
    seen = set()
    while waiting:
        needed = Requirement(waiting.pop())
        if needed.name in seen or (needed.marker and not needed.marker.evaluate({"extra": ""})):
            continue
        seen.add(needed.name)
        distribution = importlib.metadata.distribution(needed.name)
        waiting += distribution.requires or []
        for top in {file.parts[0] for file in distribution.files or []} - {"..", "__pycache__"}:
            if not (site / top).exists():
                (site / top).symlink_to(Path(str(distribution.locate_file(top))))
    return site


@pytest.fixture
def consilience(base, tmp_path):
    """Return a function that runs the program of the wheel in an empty folder."""
    (tmp_path / "e.csv").write_text("agent,benign,hijacked\n1,-1,-2\n1,-2,-1\n2,-1,-3\n")

    def consilience(*words):
        code = "import sys; from consilience.cli.app import main; sys.exit(main())"
        return subprocess.run(
            [sys.executable, "-S", "-P", "-c", code, *words],
            cwd=tmp_path,
            env={"PYTHONPATH": str(base), "PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    return consilience


def test_the_tutorial_of_traces_works_word_for_word(base, tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    start = f"env -i PYTHONPATH={base} HOME={tmp_path} COLUMNS=100 {sys.executable} -S -P"
    program = "import sys; from consilience.cli.app import main; sys.exit(main())"
    for name, words in (("python", '"$@"'), ("consilience", f'-c "{program}" "$@"')):
        (programs / name).write_text(f"#!/bin/sh\nexec {start} {words}\n")
        (programs / name).chmod(0o755)
    page = ROOT / "docs" / "tutorials" / "traces_to_alarm.md"
    assert carried_out(page, tmp_path, programs).run == 5


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("--help",), "Exit codes"),
        (("fuse", "e.csv", "--device", "cpu", "--out", "o.csv"), "agents"),
        (("doctor",), "The cpu device can run"),
        (("status",), "error bound"),
        (("benchmark", "--help"), "--scale"),
        (("build", "--help"), "BOARD"),
        (("validate", "--quick", "--only", "promise.once", "--audit-mode"), "1 pass, 0 fail"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_works_with_the_base_install(consilience, words, shown):
    answer = consilience(*words)
    assert answer.returncode == 0, answer.stderr
    assert shown in answer.stdout


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (("status", "--device", "sim"), "sim"),
        (("status", "--device", "serial:///dev/ttyUSB0"), "serial"),
        (("list",), "serial"),
        (("node", "e.csv", "--shard", "1/2", "--volatile"), "plane"),
        (("watch",), "plane"),
        (("keys", "agent-3"), "plane"),
        (("benchmark", "--quick"), "bench"),
        (("build", "icebreaker"), "build"),
        (("program", "icebreaker"), "build"),
        (("export",), "build"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_needs_an_extra_names_it(consilience, tmp_path, words, extra):
    answer = consilience(*words)
    assert answer.returncode == 3, answer.stderr
    # It names the wheel that was installed: no package index need have it.
    assert re.search(rf"run: pip install '\S+\.whl\[{extra}\]'", answer.stderr), answer.stderr
    assert "Traceback" not in answer.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["e.csv"], "nothing is written"


@pytest.mark.parametrize("command", ["demo", "replay"])
def test_the_example_needs_a_checkout_and_says_so(consilience, command):
    answer = consilience(command)
    assert answer.returncode == 2
    assert "this needs a checkout" in answer.stderr
