"""No test is skipped unseen: an unlisted skip fails the run, a listed one is printed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = """
import pytest

def test_runs():
    pass

def test_is_skipped():
    pytest.skip("no such tool")

@pytest.mark.skipif(True, reason="not here")
def test_is_skipped_by_a_mark():
    pass
"""


@pytest.fixture
def run(tmp_path):
    """Return a function that runs a suite of its own under this suite's conftest."""
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)

    def run(allowed, suite=SUITE):
        (tmp_path / "allowed_skips.toml").write_text(allowed)
        (tmp_path / "test_suite.py").write_text(suite)
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-c",
            "/dev/null",
        ]
        return subprocess.run(
            [*command, "--rootdir", str(tmp_path), str(tmp_path)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_an_unlisted_skip_fails_the_run(run):
    answer = run('"test_suite.py::test_is_skipped_by" = "for this test"\n')
    assert answer.returncode == 1
    assert "NOT LISTED in allowed_skips.toml: test_suite.py::test_is_skipped: " in answer.stdout
    assert "skipped, listed: test_suite.py::test_is_skipped_by_a_mark: " in answer.stdout
    assert "not here" in answer.stdout
    assert "2 skipped, 1 not listed" in answer.stdout


def test_listed_skips_pass(run):
    answer = run('"test_suite.py::test_is_skipped" = "both"\n')
    assert answer.returncode == 0
    assert "2 skipped, 0 not listed" in answer.stdout


def test_a_skipped_file_counts(run):
    answer = run("", "import pytest\npytest.skip('all of it', allow_module_level=True)\n")
    assert answer.returncode != 0
    assert "NOT LISTED" in answer.stdout
    assert "all of it" in answer.stdout
