"""No test is left out unseen: an unlisted skip fails the run, what else is left out is said."""

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
    here = Path(__file__).parent
    shutil.copy(here / "conftest.py", tmp_path)
    (tmp_path / "tests").mkdir()
    shutil.copy(here / "time_limit.py", tmp_path / "tests")

    def run(allowed, suite=SUITE, *words):
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
            *words,
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


LONG_SUITE = """
import time

def test_one():
    time.sleep(7)

def test_two():
    raise AssertionError("it was not to start")
"""


def test_no_test_starts_after_the_minutes(run):
    answer = run("", LONG_SUITE, "--minutes", "0.1", "-n", "1")
    assert answer.returncode == 0, answer.stdout
    assert "1 started within 0.1 minutes; 1 were left out" in answer.stdout
