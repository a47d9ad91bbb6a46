"""Two builds that differ are noticed; versions of a lock come as constraints."""

import subprocess

import pytest

from tests.release.artifacts import built_twice, write_sums
from tests.release.trial import constraints

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "little"
version = "1.0"
requires-python = ">=3.11"

[tool.hatch.build.targets.wheel]
packages = ["little"]

[tool.hatch.build.hooks.custom]
"""
HOOK = """
import pathlib
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        pathlib.Path(self.root, "little", "made.py").write_text({what})
"""


@pytest.mark.slow
@pytest.mark.parametrize(("what", "same"), [('"HERE = 1"', True), ("repr(self.root)", False)])
def test_two_builds_that_differ_are_noticed(tmp_path, what, same):
    root = tmp_path / "root"
    (root / "little").mkdir(parents=True)
    (root / "little" / "__init__.py").write_text("")
    (root / "pyproject.toml").write_text(PROJECT)
    (root / "hatch_build.py").write_text(HOOK.format(what=what))
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        name = ["-c", "user.name=n", "-c", "user.email=e@e"]
        subprocess.run(["git", *name, *words], cwd=root, check=True)
    (root / "left.txt").write_text("no part of the commit")
    if same:
        sdist, wheel = built_twice(root, tmp_path / "work")
        assert (sdist.name, wheel.name) == ("little-1.0.tar.gz", "little-1.0-py3-none-any.whl")
        write_sums([sdist, wheel], sdist.with_name("SHA256SUMS"))
        subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=sdist.parent, check=True)
    else:
        with pytest.raises(ValueError, match=r"two builds of little-1\.0.* differ"):
            built_twice(root, tmp_path / "work")


def test_versions_of_a_lock_as_constraints(tmp_path):
    lock = tmp_path / "lock"
    lock.write_text(
        "jax[cpu]==0.8.1 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n# a word\n"
        "uvloop==0.22 ; sys_platform != 'win32' \\\n    --hash=sha256:22\n"
    )
    text = constraints(lock, tmp_path / "constraints").read_text()
    assert text == 'jax==0.8.1\nuvloop==0.22 ; sys_platform != "win32"\n'
