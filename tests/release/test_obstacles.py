"""What stands in the way of a release is told, each with its cure, and nothing else."""

import importlib.metadata
import subprocess
import sys

import pytest

from consilience_tools.pages.stamp import ROOT, pages, stamped
from tests.checkouts import all_committed, checkout_of, git
from tests.release import obstacles as module
from tests.release.obstacles import obstacles, version_of
from tests.release.version import set_version

VERSION = importlib.metadata.version("consilience")
MINOR = ".".join(VERSION.split(".")[:2])
PAGE = "# Title\n\n<!-- Written by `make it`; run it again. -->\n\neverything held, 3 of 3 held.\n"


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A checkout that can be released."""
    monkeypatch.setattr(module, "read_baseline", dict)
    files = {
        "pyproject.toml": f'[project]\nversion = "{VERSION}"\n',
        "CHANGELOG.md": f"# Changelog\n\n## [Unreleased]\n\n## [{VERSION}] - 2026-11-29\n- New.\n",
        "README.md": f"# It\n\nVersion {MINOR}.\n",
        "SECURITY.md": f"Version {MINOR} alone is supported: mends come with the next.\n",
        "code.py": "LIMIT = 3\n",
        "docs/pages.toml": '["found.md"]\ncommand = "make it"\ncode = ["code.py"]\n'
        "says = ['everything held', '(\\d) of \\1 held']\n",
    }
    checkout_of(tmp_path, files, "code")
    (tmp_path / "docs" / "found.md").write_text(stamped(PAGE, "found.md", tmp_path))
    all_committed(tmp_path, "page")
    return tmp_path


def change(root, name, before, after):
    text = (root / name).read_text()
    assert before in text
    (root / name).write_text(text.replace(before, after))
    git(root, "commit", "-qam", "changed")


def test_nothing_stands_in_the_way(root):
    assert obstacles(root) == []
    git(root, "tag", f"v{VERSION}")
    assert obstacles(root) == []


@pytest.mark.parametrize(
    ("name", "before", "after", "told"),
    [
        ("code.py", "3", "4", "docs/found.md is older than the code it speaks of"),
        ("docs/found.md", "everything held", "NOT everything held", "something failed; make it"),
        ("docs/found.md", "3 of 3 held", "2 of 3 held", r"does not say `(\d) of \1 held`"),
        ("docs/found.md", " of code", "-dirty of code", "which nobody can check out; make it"),
        ("pyproject.toml", VERSION, "9.9.9", f"says version 9.9.9, the package says {VERSION}"),
        ("CHANGELOG.md", f"[{VERSION}]", "[0.0.1]", f"no section [{VERSION}]"),
        ("CHANGELOG.md", " - 2026-11-29", "", f"the section [{VERSION}] has no date"),
        ("CHANGELOG.md", "ed]\n", "ed]\n- Newer.\n", f"move it to [{VERSION}]"),
        ("README.md", MINOR, "0.0", f"README.md does not say `Version {MINOR}.`"),
        ("SECURITY.md", MINOR, "0.0", f"does not say `Version {MINOR} alone is supported`"),
    ],
)
def test_each_obstacle_is_named(root, name, before, after, told):
    change(root, name, before, after)
    assert any(told in one for one in obstacles(root)), obstacles(root)


def test_a_page_of_a_comment_is_not_older(root):
    change(root, "code.py", "3", "3  # at most")
    assert obstacles(root) == []


def test_a_page_that_is_missing_or_says_that_it_is_older_is_named(root):
    git(root, "rm", "-q", "docs/found.md")
    git(root, "commit", "-qm", "gone")
    assert obstacles(root) == ["docs/found.md is missing; make it"]


def test_a_tree_with_changes_and_a_version_that_was_released(root):
    git(root, "tag", f"v{VERSION}")
    change(root, "code.py", "3", "3  # at most")
    assert [one for one in obstacles(root) if f"tag v{VERSION} is of another commit" in one]
    for number in range(7):
        (root / f"left_{number}").write_text("")
    (told,) = [one for one in obstacles(root) if one.startswith("the tree differs")]
    assert "left_0" in told and "and 2 more" in told


def test_a_version_is_set_in_all_that_name_it(root, monkeypatch):
    """And then nothing stands in the way but the commit, and the installed package."""
    change(root, "CHANGELOG.md", "ed]\n", "ed]\n- Newer.\n")
    set_version("0.9.0", "2026-12-01", root)
    assert (
        "## [Unreleased]\n\n## [0.9.0] - 2026-12-01\n- Newer.\n"
        in (root / "CHANGELOG.md").read_text()
    )
    git(root, "commit", "-qam", "0.9.0")
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "0.9.0")
    assert obstacles(root) == []
    (root / "SECURITY.md").write_text("All versions are supported.\n")
    with pytest.raises(ValueError, match=r"SECURITY\.md has no line"):
        set_version("0.9.1", "2026-12-01", root)
    assert version_of(root) == "0.9.0", "nothing is written"
    for words in (("0.9", "2026-12-01"), ("0.9.1", "today")):
        with pytest.raises(ValueError):
            set_version(*words, root)


def test_an_archive_is_no_release(root):
    subprocess.run(["rm", "-r", str(root / ".git")], check=True)
    assert obstacles(root) == ["this is no git checkout: a release is of a commit"]


def test_the_command_names_the_pages_that_say_that_they_are_older():
    """And ends with 1 while there is one."""
    said = subprocess.run(
        [sys.executable, "-m", "tests.release", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    older = [
        name for name in pages() if "**Older than the code" in (ROOT / "docs" / name).read_text()
    ]
    assert all(f"- docs/{name} is older" in said.stdout for name in older)
    assert said.returncode == 1 or not older, said.stdout
