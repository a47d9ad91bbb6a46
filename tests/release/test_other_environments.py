"""Where the lock does not rule, the tests hold too: older packages, and later Pythons.

A user who has other packages installed keeps their versions, where pyproject.toml allows them.
"""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.version import Version

from consilience_tools.pages.stamp import ROOT
from tests.release.trial import requirements

DEVELOPMENT = {"dev", "docs", "release"}
"""Extras that are for work on the project: who needs these takes the lock."""
LATER = ("3.12", "3.13", "3.14")


def test_versions_of_a_lock():
    text = (
        "jax[cpu]==0.8.1 \\\n    --hash=sha256:00\nlater==2 ; python_version > '4' \\\n# a word\n"
    )
    assert versions(text) == {"jax": Version("0.8.1")}


@pytest.mark.slow
def test_the_tests_hold_with_the_lowest_versions(tmp_path):
    older = older_than_locked()
    assert any(one.startswith("typer==") for one in older)
    python = environment(tmp_path, sys.executable)
    subprocess.run([*INSTALL, str(python), "--no-deps", *older], check=True)
    hold(python, "tests/host", " ".join(older))


@pytest.mark.slow
@pytest.mark.parametrize("version", LATER)
def test_the_tests_hold_with_a_later_python(tmp_path, version):
    python = python_of(version)
    if python is None:
        pytest.skip(f"there is no Python {version}")
    hold(environment(tmp_path, python), "tests", version)


def versions(text):
    """Name and version of the lines of a lock that are for here."""
    needed = requirements(text)
    here = [one for one in needed if one.marker is None or one.marker.evaluate()]
    return {one.name: Version(next(iter(one.specifier)).version) for one in here}


def older_than_locked():
    """Return `name==version` of the lowest versions allowed, of packages that the lock has newer.

    Others come with them: of what a package needs, versions are the newest that it allows.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = sorted(set(project["optional-dependencies"]) - DEVELOPMENT)
    resolve = [*UV, "pip", "compile", "-q", "--resolution", "lowest-direct"]
    words = [word for extra in extras for word in ("--extra", extra)]
    done = subprocess.run(
        [*resolve, *words, "--no-header", "--no-annotate", "pyproject.toml"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    locked = versions((ROOT / "requirements.lock").read_text())
    lowest = versions(done.stdout)
    return [f"{name}=={one}" for name, one in lowest.items() if one < locked.get(name, one)]


def python_of(version):
    """Return the path of a Python of this version that starts; None if there is none."""
    kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for path in (f"python{version}", *map(str, kept)):
        try:
            subprocess.run([path, "-c", ""], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return path
    return None


UV = [sys.executable, "-m", "uv"]
INSTALL = [*UV, "pip", "install", "-q", "-p"]


def environment(folder, python):
    """Make one of the lock, with this checkout; return its Python."""
    made = folder / "environment"
    subprocess.run([*UV, "venv", "-q", "--seed", "-p", python, str(made)], check=True)
    path = made / "bin" / "python"
    subprocess.run([*INSTALL, str(path), "-r", str(ROOT / "requirements.lock")], check=True)
    itself = ["--no-deps", "--no-build-isolation", "-e", str(ROOT)]
    subprocess.run([*INSTALL, str(path), *itself], check=True)
    return path


def hold(python, tests, what):
    """Carry out a folder of tests; `what` is said if they do not hold."""
    words = ["-m", "pytest", tests, "-q", "-n", "2", "-p", "no:cacheprovider"]
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [str(python), *words], cwd=ROOT, env={**os.environ, "PATH": path},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, f"{what}\n{done.stdout[-10_000:]}"
