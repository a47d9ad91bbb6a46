"""No test is left out unseen: an unlisted skip fails the run, what else is left out is said."""

import re
import shutil
import subprocess
import sys
import tomllib
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


def test_whatever_can_be_skipped_is_listed():
    """Where the machine has all that is needed, a skip that is not listed would not be seen."""
    here = Path(__file__).parent
    listed = tomllib.loads((here / "allowed_skips.toml").read_text())
    names = {name.partition("::")[0] for name in listed}
    skips = re.compile(
        r"^\s*pytest\.(skip|importorskip)\(|= pytest\.importorskip\(|mark\.skipif\(", re.MULTILINE
    )
    able = {
        file.relative_to(here.parent).as_posix()
        for file in here.rglob("test_*.py")
        if file != Path(__file__) and skips.search(file.read_text())
    }
    assert len(able) > 10
    assert able <= names


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


def test_a_run_in_which_no_test_started_fails(run):
    answer = run("", LONG_SUITE, "--minutes", "0.000001")
    assert answer.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "0 started within 1e-06 minutes; 2 were left out" in answer.stdout
    answer = run("", LONG_SUITE, "--minutes", "0")
    assert answer.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--minutes 0: no test could start; give more than 0" in answer.stderr
